"""The embedded development environment: an AWS account, Kubernetes control planes and a registry on 127.0.0.1."""
