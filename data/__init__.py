"""Fashion-MNIST itself, and the way from any picture to a 28×28 one."""
