"""Seconds, memory and AWS calls of Slipway beside plain modules and bare boto3."""
