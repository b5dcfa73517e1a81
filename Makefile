# Short recipes, each one line of meaning. `make demo ARGS="--share"` passes options on.

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
RECIPE ?= startup

.PHONY: demo test check setup train report benchmark assets clean

demo: $(VENV)/.demo-ready  ## start the page
	$(RUN) demo.py $(ARGS)

test: $(VENV)/.test-ready  ## run every test
	$(RUN) -m pytest $(ARGS)

check: $(VENV)/.test-ready  ## lint, and see that the code is formatted
	$(RUN) -m ruff check . && $(RUN) -m ruff format --check .

setup: $(VENV)/.test-ready  ## only set up .venv, for demo and tests

train: $(VENV)/.demo-ready  ## train RECIPE from the command line
	$(RUN) -m model.train --recipe $(RECIPE) $(ARGS)

report: $(VENV)/.demo-ready  ## make the evaluation figures and tables in assets/
	$(RUN) -m model.report $(ARGS)

benchmark: $(VENV)/.test-ready  ## measure, and write JSON under assets/benchmarks/
	$(RUN) -m tests.benchmarks.serving

assets: $(VENV)/.test-ready  ## make the example drawings and the screenshots of the README
	$(RUN) -m assets.draw_examples && $(RUN) -m assets.take_screenshots

clean:  ## remove what setup and runs have made
	rm -rf $(VENV) model/cache .pytest_cache .ruff_cache .hypothesis

$(VENV)/.demo-ready: requirements.txt
	$(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

$(VENV)/.test-ready: requirements.txt requirements-dev.txt $(VENV)/.demo-ready
	$(RUN) -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $@
