"""Launch templates: tags of the template are not part of its data, and follow what CreateTags changes."""

from __future__ import annotations

from typing import Any

import moto.ec2.models.launch_templates

models: Any = moto.ec2.models.launch_templates
Template: Any = models.LaunchTemplate
_create_version = Template.create_version


def _without_own_tags(self: Any, data: dict[str, Any], description: str) -> Any:
    specifications = [
        item for item in data.get("TagSpecifications") or [] if item.get("ResourceType") != "launch-template"
    ]
    if specifications:
        data["TagSpecifications"] = specifications
    else:
        data.pop("TagSpecifications", None)
    return _create_version(self, data, description)


Template.create_version = _without_own_tags
Template.tags = property(lambda self: self.get_tags(), lambda self, value: None)
