"""AWS on 127.0.0.1: moto's models behind a front that adds what they lack.

The front (``application``) verifies signatures, logs every call, gives answers the weather of a real cloud, and
serves the whole EKS API itself. Everything else goes to moto, with hooks (``hooks``) before and after a call where
AWS refuses, makes or keeps more than moto does.
"""

from __future__ import annotations

import os

# moto reads these when it is imported.
os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"
os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"
os.environ["MOTO_DISABLE_GLOBAL_CORS"] = "true"
