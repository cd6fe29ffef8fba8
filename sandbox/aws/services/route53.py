"""Route 53: query logging to a log group whose ARN comes with or without its ":*"."""

from __future__ import annotations

from sandbox.aws.front.call import Call
from sandbox.aws.front.hooks import before


@before("route53", "CreateQueryLoggingConfig")
def create_query_logging_config(call: Call) -> None:
    """moto knows the ARN only with ":*"; AWS takes both."""
    body = call.request.body.decode()
    start, _, rest = body.partition("<CloudWatchLogsLogGroupArn>")
    arn, _, end = rest.partition("</CloudWatchLogsLogGroupArn>")
    if arn and not arn.endswith(":*"):
        text = f"{start}<CloudWatchLogsLogGroupArn>{arn}:*</CloudWatchLogsLogGroupArn>{end}"
        call.request.body = text.encode()
