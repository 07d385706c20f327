"""How fast the compact network is on one GPU, against what that GPU can do at most."""
