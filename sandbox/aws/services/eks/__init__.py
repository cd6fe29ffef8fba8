"""EKS, whole: moto has 17 of its operations, so none of moto's is used."""

from __future__ import annotations
