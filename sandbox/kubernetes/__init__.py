"""Control planes and nodes of the emulated EKS clusters: real Kubernetes programs, run by one agent process."""
