"""A small cloud in memory with networks and subnets, and the box that manages them: what the core is tested on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from ansible_collections.slipway.platform.plugins.module_utils._aws import tags as _tags
from ansible_collections.slipway.platform.plugins.module_utils._aws.account import Account
from ansible_collections.slipway.platform.plugins.module_utils._aws.client import Api
from ansible_collections.slipway.platform.plugins.module_utils._aws.provider import AWS
from ansible_collections.slipway.platform.plugins.module_utils._core.box import Box, Kind, Target
from ansible_collections.slipway.platform.plugins.module_utils._core.known import Known
from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Found, Ref, Resource

ACCOUNT = {
    "id": "123456789012",
    "region": "eu-west-1",
    "partition": "aws",
    "caller": "arn:aws:iam::123456789012:user/me",
}


def refusal(code: str, message: str = "No.", operation: str = "Write") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


@dataclass
class Thing:
    id: str
    attributes: dict[str, Any]
    tags: dict[str, str]


@dataclass
class Cloud:
    """What stands, by kind and name; `calls` are the writes in order, `fail` is asked before each."""

    things: dict[Ref, Thing] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    fail: Callable[[str], ClientError | None] = lambda call: None
    made: int = 0

    def write(self, call: str) -> None:
        error = self.fail(call)
        self.calls.append(call)
        if error is not None:
            raise error

    def create(self, target: Target, **attributes: Any) -> str:
        self.write(f"create {target.name}")
        assert target.ref not in self.things, "a duplicate"
        self.made += 1
        self.things[target.ref] = Thing(f"{target.ref.kind}-{self.made}", attributes, dict(target.tags))
        return self.things[target.ref].id

    def set(self, target: Target, name: str) -> None:
        self.write(f"set {name} of {target.name}")
        thing = self.things[target.ref]
        assert thing.id == target.id
        thing.attributes[name] = target.attributes[name]

    def delete(self, target: Target) -> None:
        self.write(f"delete {target.name}")
        if any(target.id in thing.attributes.values() for thing in self.things.values()):
            raise refusal("DependencyViolation")
        del self.things[target.ref]

    def tag(self, target: Target, tags: Mapping[str, str]) -> None:
        self.write(f"tag {target.name} {','.join(tags)}")
        self.things[target.ref].tags.update(tags)

    def untag(self, target: Target, keys: Sequence[str]) -> None:
        self.write(f"untag {target.name} {','.join(keys)}")
        for key in keys:
            del self.things[target.ref].tags[key]

    @property
    def kinds(self) -> tuple[Kind, ...]:
        def tag(api: Api, target: Target, tags: Mapping[str, str]) -> None:
            self.tag(target, tags)

        def untag(api: Api, target: Target, keys: Sequence[str]) -> None:
            self.untag(target, keys)

        def delete(api: Api, target: Target) -> None:
            self.delete(target)

        def create_vpc(api: Api, vpc: Target) -> str:
            return self.create(vpc, cidr_block=vpc.attributes["cidr_block"], dns=False)

        def create_subnet(api: Api, subnet: Target) -> str:
            assert any(thing.id == subnet.attributes["vpc"] for thing in self.things.values()), "of no VPC"
            return self.create(subnet, vpc=subnet.attributes["vpc"], public=subnet.attributes["public"])

        def set_dns(api: Api, vpc: Target) -> None:
            self.set(vpc, "dns")

        def set_public(api: Api, subnet: Target) -> None:
            self.set(subnet, "public")

        return (
            Kind(
                name="vpc",
                fixed={"cidr_block": "AWS fixes it"},
                create=create_vpc,
                update={"dns": set_dns},
                after_create=("dns",),
                delete=delete,
                tag=tag,
                untag=untag,
            ),
            Kind(
                name="subnet",
                immutable=frozenset({"vpc"}),
                create=create_subnet,
                update={"public": set_public},
                delete=delete,
                tag=tag,
                untag=untag,
            ),
        )

    @property
    def box(self) -> Box:
        def read(api: Api, spec: Mapping[str, Any], known: Known) -> dict[Ref, Found]:
            return {
                ref: Found(thing.id, dict(thing.attributes), dict(thing.tags)) for ref, thing in self.things.items()
            }

        return Box(
            name="the network",
            role="vpc",
            provider=AWS,
            options={
                "dns": {"type": "bool", "default": True},
                "cidr_block": {"type": "str", "default": "10.0.0.0/16"},
                "subnets": {"type": "dict", "default": {}},
            },
            kinds=self.kinds,
            parse=lambda params, account: params,
            read=read,
            declare=declare,
            answer=lambda spec, observed: {"region": Account(**ACCOUNT).region},
        )


def declare(spec: Mapping[str, Any], observed: Mapping[Ref, Found]) -> list[Resource]:
    platform = spec["platform_name"]
    vpc = Ref("vpc", platform)
    resources = [
        Resource(
            vpc, {"cidr_block": spec["cidr_block"], "dns": spec["dns"]}, _tags.of(platform, platform, spec["tags"])
        )
    ]
    for name, public in spec["subnets"].items():
        full = f"{platform}-{name}"
        tags = _tags.of(platform, full, spec["tags"])
        resources.append(Resource(Ref("subnet", full), {"vpc": vpc, "public": public}, tags))
    return resources


def api() -> Api:
    """Clients that nothing asks for: the cloud is not behind them."""
    return Api({"region": "eu-west-1", "endpoint": None}, say=lambda text: None)
