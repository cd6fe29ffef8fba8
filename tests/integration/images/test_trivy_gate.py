"""trivy_gate with the real Trivy on small images: verdicts, reports, and everything that must never pass silently."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Impossible, Outcome, Refusal
from ansible_collections.slipway.platform.plugins.module_utils._pipeline.trivy_gate.program import Trivy
from sandbox.images.trivy_database import Advisory
from tests.oci_layouts import blob, make_layout, put_index

from .trivy import (
    ADVISORIES,
    JINJA2,
    MENDED,
    NOW,
    SECRET,
    TRIVY,
    VULNERABLE,
    fake_trivy,
    make_database,
    make_image,
    run,
    system,
    trivy,
    write_policy,
)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_database(tmp_path_factory.mktemp("database"))


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "reports"


def ids(outcome: Outcome, status: str | None = None) -> list[str]:
    findings = json.loads(Path(outcome.answer["report"]).read_text())["findings"]
    return sorted(entry["id"] for entry in findings if status in (None, entry["status"]))


def test_a_vulnerable_image(tmp_path: Path, database: Path, directory: Path) -> None:
    image = make_image(tmp_path / "image", VULNERABLE, {**JINJA2, **SECRET})
    outcome = run(directory, database, layout=image)
    answer = outcome.answer
    assert answer["verdict"] == "failed"
    assert answer["found"]["vulnerabilities"] == {"CRITICAL": 3, "HIGH": 4, "MEDIUM": 2, "LOW": 2, "UNKNOWN": 1}
    assert answer["counts"]["vulnerabilities"] == {"CRITICAL": 3, "HIGH": 3, "MEDIUM": 1, "LOW": 1, "UNKNOWN": 1}
    assert answer["counts"]["secrets"]["CRITICAL"] == 2
    assert answer["left_out"]["unfixed"] == 3
    assert answer["operating_system"] == "debian 12.5"
    assert answer["trivy_version"] == "0.76.0"
    assert len(answer["reasons"]) == 4
    manifest = json.loads((image / "index.json").read_text())["manifests"][0]["digest"]
    assert answer["digest"] == manifest
    assert answer["config_digest"] == json.loads(blob(image, manifest).read_text())["config"]["digest"]
    assert answer["database"]["version"] == 2
    assert ids(outcome, "unfixed") == ["CVE-2026-0007", "CVE-2026-0008", "CVE-2026-0011"]
    assert outcome.failure is None, "mode report never fails"
    enforced = run(directory, database, layout=image, mode="enforce")
    assert enforced.failure is not None
    assert enforced.failure.startswith(
        "The gate is closed (failed: 9 vulnerabilities, 2 secrets counted, 3 left out). 3 "
    )


def test_a_mended_image_and_reports_that_stay(tmp_path: Path, database: Path, directory: Path) -> None:
    image = make_image(tmp_path / "image", MENDED)
    planned = run(directory, database, layout=image, mode="enforce", check_mode=True)
    assert not directory.exists()
    outcome = run(directory, database, layout=image, mode="enforce")
    assert (outcome.answer["verdict"], outcome.failure) == ("passed", None)
    assert outcome.plan.as_list() == planned.plan.as_list()
    assert {path.name for path in directory.iterdir()} == {change["name"] for change in outcome.plan.as_list()}
    assert ids(outcome) == ["CVE-2026-0007"], "not fixed yet, so left out"
    assert not run(directory, database, layout=image).plan, "the same again changes nothing"
    assert [path for path in directory.iterdir() if path.name.startswith(".")] == []


def test_the_images_of_a_release(tmp_path: Path, database: Path, directory: Path) -> None:
    """The worst verdict is the one of the release, and each image has reports of its own."""
    good, bad = make_image(tmp_path / "good", MENDED), make_image(tmp_path / "bad")
    images = [
        {"architecture": "amd64", "layout": str(good), "digest": "left alone"},
        {"architecture": "arm64", "layout": str(bad)},
    ]
    outcome = run(directory, database, images=images, mode="enforce")
    assert outcome.answer["verdict"] == "failed"
    assert [verdict["verdict"] for verdict in outcome.answer["verdicts"]] == ["passed", "failed"]
    assert outcome.answer["digest"] == outcome.answer["verdicts"][1]["digest"]
    assert outcome.failure is not None
    assert outcome.failure.startswith("arm64: The gate is closed (failed: ")
    assert {reason[:7] for reason in outcome.answer["reasons"]} == {"arm64: "}
    assert sorted(path.name for path in directory.iterdir()) == ["amd64", "arm64"]
    assert {change.ref.name for change in outcome.plan.changes} >= {"trivy-gate.json", "trivy-gate.md"}
    turned = [{**images[0], "layout": str(bad)}, {**images[1], "layout": str(good)}]
    assert run(directory, database, images=turned).answer["verdicts"][0]["verdict"] == "failed"
    assert run(directory, database, images=images[:1], mode="enforce").failure is None


def test_a_layer_that_was_emptied_and_put_back(tmp_path: Path, database: Path, directory: Path) -> None:
    image = make_image(tmp_path / "image")
    before = run(directory, database, layout=image)
    manifest = json.loads(blob(image, before.answer["digest"]).read_text())
    layer = blob(image, manifest["layers"][0]["digest"])
    content = layer.read_bytes()
    layer.write_bytes(b"")
    shutil.rmtree(directory)
    for mode in ("report", "enforce"):
        with pytest.raises(Impossible, match=r"has the content of sha256:e3b0c442.*changed after it was made"):
            run(directory, database, layout=image, mode=mode)
    assert not directory.exists()
    layer.write_bytes(content)
    assert run(directory, database, layout=image).answer == before.answer


def test_a_cache_that_another_scan_has_poisoned(tmp_path: Path, directory: Path) -> None:
    """Trivy keeps what it found in a layer under the layer's name, without a look at its content."""
    database, image = make_database(tmp_path / "database"), make_image(tmp_path / "image")
    before = run(directory, database, layout=image).answer
    layer = blob(image, json.loads(blob(image, before["digest"]).read_text())["layers"][0]["digest"])
    content = layer.read_bytes()
    layer.write_bytes(b"")
    flags = ("image", "--cache-backend", "fs", "--input", str(image), "--format", "json")
    assert trivy(database, *flags).returncode == 0
    layer.write_bytes(content)
    poisoned = json.loads(trivy(database, *flags).stdout)
    assert not any(result.get("Vulnerabilities") for result in poisoned.get("Results", [])), "what is to be feared"
    assert run(directory, database, layout=image).answer == before


class TestNeverSilent:
    """Each of these is exit status 0 and no finding for Trivy alone."""

    def errors(self, outcome: Outcome) -> list[str]:
        assert outcome.answer["verdict"] == "error"
        reasons: list[str] = outcome.answer["reasons"]
        return reasons

    def test_a_stale_database(self, tmp_path: Path, directory: Path) -> None:
        old = make_database(tmp_path / "database", updated=NOW - timedelta(hours=49))
        (reason,) = self.errors(run(directory, old, layout=make_image(tmp_path / "image", MENDED)))
        assert " and stale: 48 hours are allowed." in reason

    @pytest.mark.parametrize("missing", ["trivy.db", "metadata.json"])
    def test_a_missing_database(self, tmp_path: Path, directory: Path, missing: str) -> None:
        folder = make_database(tmp_path / "database")
        (folder / "db" / missing).unlink()
        with pytest.raises(Refusal) as error:
            run(directory, folder, layout=make_image(tmp_path / "image"))
        assert str(error.value) == f"database is '{folder}'; a folder with db/trivy.db and db/metadata.json is needed."

    def test_an_empty_database(self, tmp_path: Path, directory: Path) -> None:
        folder = make_database(tmp_path / "database")
        (folder / "db" / "trivy.db").write_bytes(b"")
        with pytest.raises(Impossible, match=r"^Trivy could not scan \(exit status 1\): .+\.$"):
            run(directory, folder, layout=make_image(tmp_path / "image"))

    def test_no_operating_system(self, tmp_path: Path, database: Path, directory: Path) -> None:
        image = make_layout(tmp_path / "image", [JINJA2])
        reasons = self.errors(run(directory, database, layout=image))
        assert reasons[0].startswith("Trivy detected no operating system")
        optional = write_policy(tmp_path / "policy.json", operating_system="optional")
        outcome = run(directory, database, layout=image, policy=optional)
        assert outcome.answer["reasons"] == ["1 HIGH vulnerability, 0 allowed: CVE-2026-0010 in jinja2 3.1.0."]

    def test_a_distribution_that_the_database_lacks(self, tmp_path: Path, directory: Path) -> None:
        folder = make_database(
            tmp_path / "database", advisories=[entry for entry in ADVISORIES if "12" not in entry.bucket]
        )
        (reason,) = self.errors(run(directory, folder, layout=make_image(tmp_path / "image")))
        assert reason == (
            "The vulnerability database holds nothing for debian 12.5: packages of it at version 0 have no findings."
        )

    def test_a_language_that_the_database_lacks(self, tmp_path: Path, directory: Path) -> None:
        folder = make_database(
            tmp_path / "database", advisories=[entry for entry in ADVISORIES if entry.bucket != "pip"]
        )
        (reason,) = self.errors(run(directory, folder, layout=make_image(tmp_path / "image", MENDED, JINJA2)))
        assert reason.startswith("The vulnerability database holds nothing for pypi: ")

    def test_a_language_without_canary(self, tmp_path: Path, database: Path, directory: Path) -> None:
        lock = '{"version":1,"object":{"pins":[{"package":"x","repositoryURL":"https://example.org/x","state":{"version":"1.0.0"}}]}}'
        sources = tmp_path / "sources"
        sources.mkdir()
        (sources / "Package.resolved").write_text(lock)
        optional: dict[str, Any] = {"operating_system": "optional"}
        policy = write_policy(tmp_path / "policy.json", **optional)
        (reason,) = self.errors(run(directory, database, filesystem=sources, policy=policy))
        assert reason == "No canary is known for swift, so nothing shows that the database holds it (see canaries)."
        policy = write_policy(tmp_path / "policy.json", canaries=["pkg:swift/example.org/x@0.0.0"], **optional)
        (reason,) = self.errors(run(directory, database, filesystem=sources, policy=policy))
        assert reason.startswith("The vulnerability database holds nothing for swift")
        advisory = Advisory("swift", "example.org/x", "CVE-2026-0005", "0.9.0")
        knowing = make_database(tmp_path / "knowing", advisories=[*ADVISORIES, advisory])
        assert run(directory, knowing, filesystem=sources, policy=policy).answer["verdict"] == "passed"

    def test_an_operating_system_past_its_end_of_support(self, tmp_path: Path, directory: Path) -> None:
        advisory = Advisory("debian 10", "openssl", "CVE-2026-0001", "1.0")
        knowing = make_database(tmp_path / "database", advisories=[advisory])
        outcome = run(directory, knowing, layout=make_image(tmp_path / "image", MENDED, release="10.13"))
        assert outcome.answer["verdict"] == "failed"
        (reason,) = outcome.answer["reasons"]
        assert reason.startswith("debian 10.13 is past its end of support: ")

    def test_a_release_that_nobody_knows(self, tmp_path: Path, directory: Path) -> None:
        advisory = Advisory("debian 99", "openssl", "CVE-2026-0001", "1.0")
        knowing = make_database(tmp_path / "database", advisories=[advisory])
        (reason,) = self.errors(run(directory, knowing, layout=make_image(tmp_path / "image", MENDED, release="99.1")))
        assert reason.startswith("Trivy does not know the release of the operating system")

    def test_an_empty_report(self, tmp_path: Path, database: Path, directory: Path) -> None:
        image = make_layout(tmp_path / "image", [{"hello": "world"}])
        assert self.errors(run(directory, database, layout=image))[0] == (
            "The report of Trivy is empty: it looked at nothing in the target."
        )

    def test_a_list_of_packages_that_was_removed(self, tmp_path: Path, database: Path, directory: Path) -> None:
        files = {name: text for name, text in system(VULNERABLE).items() if "dpkg" not in name}
        reasons = self.errors(run(directory, database, layout=make_layout(tmp_path / "image", [files, JINJA2])))
        assert reasons[0] == "Trivy detected debian 12.5, but not one package of it."

    def test_a_checks_bundle_that_fell_back(self, tmp_path: Path, database: Path, directory: Path) -> None:
        image = make_image(tmp_path / "image", MENDED)
        policy = write_policy(tmp_path / "policy.json", misconfigurations={})
        (reason,) = self.errors(run(directory, database, layout=image, policy=policy))
        assert reason == "Trivy fell back from the checks bundle to the checks that it was built with."
        policy = write_policy(
            tmp_path / "policy.json", misconfigurations={"checks": "embedded", "thresholds": {"LOW": 0}}
        )
        outcome = run(directory, database, layout=image, policy=policy)
        assert outcome.answer["reasons"] == ["1 LOW misconfiguration, 0 allowed: DS-0026 in image configuration."]

    def test_exceptions_and_statements_that_match_nothing(
        self, tmp_path: Path, database: Path, directory: Path
    ) -> None:
        exception = {"id": "CVE-2026-0099", "package": "libssl3", "reason": "r", "owner": "o"}
        exception["expires"] = str((NOW + timedelta(days=2)).date())
        policy = write_policy(tmp_path / "policy.json", exceptions=[exception])
        vex = tmp_path / "app.vex.json"
        statement = {
            "vulnerability": {"name": "CVE-2026-0001"},
            "products": [{"@id": "pkg:deb/debian/nobody"}],
            "status": "fixed",
        }
        document = {
            "@context": "https://openvex.dev/ns/v0.2.0",
            "timestamp": NOW.isoformat(),
            "statements": [statement],
        }
        vex.write_text(json.dumps(document))
        outcome = run(directory, database, layout=make_image(tmp_path / "image", MENDED), policy=policy, vex=[str(vex)])
        assert outcome.answer["verdict"] == "failed"
        assert outcome.answer["reasons"] == [
            "The exception CVE-2026-0099 for 'libssl3' of o matches nothing; delete it.",
            f"The statement on CVE-2026-0001 in '{vex}' matches nothing; delete it.",
        ]

    def test_an_unknown_severity(self, tmp_path: Path, database: Path, directory: Path) -> None:
        policy = write_policy(tmp_path / "policy.json", vulnerabilities={"thresholds": {"CRITICAL": 9, "HIGH": "any"}})
        outcome = run(directory, database, layout=make_image(tmp_path / "image"), policy=policy)
        assert outcome.answer["reasons"] == ["1 UNKNOWN vulnerability, 0 allowed: CVE-2026-0006 in libssl3 3.0.11-1."]

    def test_two_images_in_a_layout(self, tmp_path: Path, database: Path, directory: Path) -> None:
        image = make_image(tmp_path / "image", MENDED)
        make_image(tmp_path / "other")
        index = json.loads((image / "index.json").read_text())
        put_index(
            image, [*index["manifests"], *json.loads((tmp_path / "other" / "index.json").read_text())["manifests"]]
        )
        with pytest.raises(Impossible, match="it holds 2 manifests and has to hold exactly one"):
            run(directory, database, layout=image)


class TestProgram:
    def test_another_checksum_than_the_locked_one(self, tmp_path: Path, database: Path, directory: Path) -> None:
        witness = tmp_path / "it-ran"
        program, checksum = fake_trivy(tmp_path / "trivy", f"touch {witness}")
        image = make_image(tmp_path / "image")
        with pytest.raises(Refusal) as error:
            run(directory, database, layout=image, trivy_path=program)
        assert str(error.value) == (
            f"trivy_path is '{program}'; its SHA-256 {checksum} is not locked (trivy_checksum names another one)."
        )
        other = "0" * 64
        with pytest.raises(Refusal, match=rf"its SHA-256 is {checksum} instead of {other}\."):
            run(directory, database, layout=image, trivy_path=program, trivy_checksum=other)
        with pytest.raises(Refusal, match=rf"its SHA-256 is \w+ instead of {checksum}\."):
            run(directory, database, layout=image, trivy_checksum=checksum)
        assert not witness.exists(), "nothing runs before its checksum is right"

    @pytest.mark.parametrize(
        ("version", "why"),
        [
            ("0.69.4", "was published by attackers"),
            ("0.69.5", "was published by attackers"),
            ("0.69.6", "was published by attackers"),
            ("0.69.3", "is older than 0.70.0"),
            ("0.77.0-dev", "is no release"),
        ],
    )
    def test_versions_that_must_not_run(
        self, tmp_path: Path, database: Path, directory: Path, version: str, why: str
    ) -> None:
        witness = tmp_path / "it-scanned"
        script = f"""[ "$1" = version ] && echo '{{"Version": "{version}"}}' || touch {witness}"""
        program, checksum = fake_trivy(tmp_path / "trivy", script)
        with pytest.raises(Refusal, match=rf"Trivy {version} {why}"):
            run(
                directory,
                database,
                layout=make_image(tmp_path / "image"),
                trivy_path=program,
                trivy_checksum=checksum,
            )
        assert not witness.exists()

    def test_one_that_ends_well_and_says_nothing(self, tmp_path: Path, database: Path, directory: Path) -> None:
        script = """[ "$1" = version ] && echo '{"Version": "0.76.0"}'"""
        program, checksum = fake_trivy(tmp_path / "trivy", script + " || true")
        with pytest.raises(Impossible, match="ended without an error and left no report"):
            run(directory, database, layout=make_image(tmp_path / "i"), trivy_path=program, trivy_checksum=checksum)

    def test_the_callers_environment_and_files_do_not_count(
        self, tmp_path: Path, database: Path, directory: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        image = make_image(tmp_path / "image")
        before = run(directory, database, layout=image).answer
        home = tmp_path / "home"
        home.mkdir()
        for name in (".trivyignore", ".trivyignore.yaml"):
            (home / name).write_text("CVE-2026-0001\n" if name == ".trivyignore" else "vulnerabilities: []\n")
        (home / "trivy.yaml").write_text("severity: [LOW]\nignore-unfixed: true\n")
        monkeypatch.chdir(home)
        monkeypatch.setenv("HOME", str(home))
        monkeypatch.setenv("TRIVY_SEVERITY", "LOW")
        monkeypatch.setenv("TRIVY_IGNORE_UNFIXED", "true")
        monkeypatch.setenv("TRIVY_SKIP_FILES", "var/lib/dpkg/status")
        assert run(directory, database, layout=image).answer == before

    def test_the_database_is_read_and_nothing_is_written_beside_it(
        self, tmp_path: Path, database: Path, directory: Path
    ) -> None:
        files = {path: path.read_bytes() for path in database.rglob("*") if path.is_file()}
        run(directory, database, layout=make_image(tmp_path / "image"), trivy_path=TRIVY)
        assert {path: path.read_bytes() for path in database.rglob("*") if path.is_file()} == files
        assert sorted(path.name for path in tmp_path.iterdir()) == ["image", "reports"]


@pytest.mark.parametrize("sign", [":", "@"])
def test_a_name_that_trivy_would_split(directory: Path, database: Path, tmp_path: Path, sign: str) -> None:
    """Another image stands where Trivy takes the path to end."""
    make_image(tmp_path / "app", MENDED)
    vulnerable = make_image(tmp_path / f"app{sign}1.0", VULNERABLE)
    assert run(directory, database, layout=vulnerable).answer["verdict"] == "failed"


def test_a_layout_that_is_another_one_during_the_scan(
    directory: Path, database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image, clean = make_image(tmp_path / "image", VULNERABLE), make_image(tmp_path / "clean", MENDED)
    scan = Trivy.scan

    def swapped(self: Trivy, target: Sequence[str], kinds: Sequence[str]) -> tuple[Any, str]:
        if target[0] != "image":
            return scan(self, target, kinds)
        image.rename(tmp_path / "aside")
        clean.rename(image)
        answer = scan(self, target, kinds)
        image.rename(clean)
        (tmp_path / "aside").rename(image)
        return answer

    monkeypatch.setattr(Trivy, "scan", swapped)
    answer = run(directory, database, layout=image).answer
    assert answer["verdict"] == "error"
    assert any(reason.startswith("The report speaks of image ") for reason in answer["reasons"]), answer["reasons"]
