"""Loads the hooks of every service."""

from __future__ import annotations

import importlib

MODULES = (
    "sts",
    "iam",
    "autoscaling",
    "instance_refresh",
    "ssm",
    "policy",
    "kms",
    "kms_signing",
    "logs",
    "s3",
    "s3_settings",
    "route53",
    "acm",
    "wafv2",
    "ecr",
    "elbv2",
    "ec2.speed",
    "ec2.interfaces",
    "ec2.dependencies",
    "ec2.security_group_rules",
    "ec2.nat_gateways",
    "ec2.endpoints",
    "ec2.image_operations",
    "ec2.regions",
    "ec2.launch_templates",
    "ec2.snapshots",
    "ec2.volumes",
)


def load() -> None:
    """Register all hooks."""
    for module in MODULES:
        importlib.import_module(f"sandbox.aws.{module}")
