"""What a figure was measured on: every measurement carries this."""

import os
import platform
from datetime import date
from pathlib import Path


def describe_machine() -> dict:
    """Give `date`, `processor`, `cores` and `python`."""
    cpu = Path("/proc/cpuinfo")
    lines = cpu.read_text().splitlines() if cpu.exists() else []
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return {
        "date": date.today().isoformat(),
        "processor": names[0] if names else platform.processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
    }
