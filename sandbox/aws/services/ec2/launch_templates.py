"""Launch templates: their own tags are not part of the data and follow CreateTags; versions can be deleted."""

from __future__ import annotations

from typing import Any

import moto.ec2.models.launch_templates
from moto.ec2.exceptions import InvalidLaunchTemplateVersionNotFound

from sandbox.aws.front.call import Call
from sandbox.aws.front.errors import AwsError
from sandbox.aws.front.hooks import after, instead
from sandbox.aws.front.moto_bridge import backend

models: Any = moto.ec2.models.launch_templates
Template: Any = models.LaunchTemplate


def _create_version(self: Any, data: dict[str, Any], description: str) -> Any:
    """Numbered after the highest number ever given, which a deletion does not free."""
    specifications = [
        item for item in data.get("TagSpecifications") or [] if item.get("ResourceType") != "launch-template"
    ]
    if specifications:
        data["TagSpecifications"] = specifications
    else:
        data.pop("TagSpecifications", None)
    self.given = getattr(self, "given", 0) + 1
    version = models.LaunchTemplateVersion(self, self.given, data, description)
    self.versions.append(version)
    return version


def _get_version(self: Any, number: Any) -> Any:
    wanted = {"$latest": self.versions[-1].number, "$default": self.default_version_number}.get(
        str(number).lower(), number
    )
    for version in self.versions:
        if str(version.number) == str(wanted):
            return version
    raise InvalidLaunchTemplateVersionNotFound(template_id=self.id, version=number)


Template.create_version = _create_version
Template.get_version = _get_version
Template.default_version = lambda self: self.get_version("$Default")
Template.tags = property(lambda self: self.get_tags(), lambda self, value: None)


@after("ec2", "CreateLaunchTemplateVersion")
def from_source(call: Call) -> None:
    """What the new version does not name comes from its source."""
    p = call.parameters
    if p.get("SourceVersion"):
        template = _template(call)
        template.versions[-1].data = {**template.get_version(p["SourceVersion"]).data, **template.versions[-1].data}


def _template(call: Call) -> Any:
    p = call.parameters
    ec2 = backend("ec2", call.account, call.region)
    return ec2.launch_templates.get(
        p.get("LaunchTemplateId") or ec2.launch_template_name_to_ids.get(p.get("LaunchTemplateName"))
    )


@instead("ec2", "DeleteLaunchTemplateVersions")
def delete_launch_template_versions(call: Call) -> dict[str, Any]:
    """The default version cannot go before another one is made the default."""
    p = call.parameters
    template = _template(call)
    if template is None:
        identity = p.get("LaunchTemplateId") or p.get("LaunchTemplateName")
        raise AwsError(
            "InvalidLaunchTemplateId.NotFound",
            f"The specified launch template, with template ID {identity}, does not exist.",
            400,
        )
    gone, failed = [], []
    for number in p["Versions"]:
        item = {"LaunchTemplateId": template.id, "LaunchTemplateName": template.name, "VersionNumber": int(number)}
        version = next((one for one in template.versions if str(one.number) == str(number)), None)
        if version is None or template.is_default(version):
            code = "launchTemplateVersionDoesNotExist" if version is None else "unexpectedError"
            words = "does not exist" if version is None else "is the default version"
            failed.append({**item, "ResponseError": {"Code": code, "Message": f"Version {number} {words}."}})
        else:
            template.versions.remove(version)
            gone.append(item)
    return {
        "SuccessfullyDeletedLaunchTemplateVersions": gone,
        "UnsuccessfullyDeletedLaunchTemplateVersions": failed,
    }
