"""EC2: what moto's model lets pass, leaves out or gets wrong."""

from __future__ import annotations
