"""Reports that were made elsewhere, archives, file systems and SBOMs."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Impossible, Refusal
from sandbox import tools
from tests.oci_layouts import blob

from .trivy import ADVISORIES, JINJA2, MENDED, NOW, VULNERABLE, make_database, make_image, run, trivy


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_database(tmp_path_factory.mktemp("database"))


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "reports"


def scanned(image: Path, database: Path) -> Path:
    """A report that another job has made."""
    report = image.parent / "trivy.json"
    done = trivy(database, "image", "--input", str(image), "--format", "json", "--output", str(report))
    assert done.returncode == 0, done.stderr
    return report


def checksum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


class TestReport:
    @pytest.fixture
    def image(self, tmp_path: Path) -> Path:
        return make_image(tmp_path / "image")

    @pytest.fixture
    def report(self, image: Path, database: Path) -> Path:
        return scanned(image, database)

    def reasons(self, directory: Path, database: Path, report: Path, image: Path, **options: Any) -> list[str]:
        """Why a report is unverified; enforce refuses it, too."""
        if "external_report_checksum" not in options and "external_report_attestation" not in options:
            options["external_report_checksum"] = checksum(report)
        options = {name: value for name, value in options.items() if value is not None}
        outcome = run(directory, database, layout=image, external_report=report, **options)
        assert outcome.answer["verdict"] == "unverified"
        assert outcome.failure is None
        enforced = run(directory, database, layout=image, external_report=report, mode="enforce", **options)
        assert enforced.failure is not None
        reasons: list[str] = outcome.answer["reasons"]
        return reasons

    def test_is_worth_as_much_as_a_scan(self, image: Path, report: Path, database: Path, directory: Path) -> None:
        outcome = run(
            directory, database, layout=image, external_report=report, external_report_checksum=checksum(report)
        )
        own = run(directory, database, layout=image)
        assert outcome.answer["verdict"] == "failed"
        (verdict,), (scanned_here,) = outcome.answer["verdicts"], own.answer["verdicts"]
        assert verdict == scanned_here | {"trivy_checksum": None}
        assert outcome.answer["trivy_checksum"] is None

    def test_with_the_metadata_of_its_database_alone(
        self, tmp_path: Path, image: Path, report: Path, database: Path, directory: Path
    ) -> None:
        alone = tmp_path / "metadata"
        (alone / "db").mkdir(parents=True)
        shutil.copy(database / "db" / "metadata.json", alone / "db")
        answer = run(
            directory, alone, layout=image, external_report=report, external_report_checksum=checksum(report)
        ).answer
        assert answer["verdict"] == "failed", "the findings show that the database holds the distribution"
        clean = make_image(tmp_path / "clean" / "image", {"bash": ("bash", "9-1")})
        quiet = scanned(clean, database)
        (reason,) = self.reasons(directory, alone, quiet, clean)
        assert reason.startswith(
            "The report has no vulnerability for debian, so nothing shows that its database holds it;"
        )
        options = {"external_report": quiet, "external_report_checksum": checksum(quiet)}
        assert run(directory, database, layout=clean, **options).answer["verdict"] == "passed"

    def test_alone(self, image: Path, report: Path, database: Path, directory: Path) -> None:
        reasons = self.reasons(directory, database, report, image, external_report_checksum=None)
        assert (
            reasons[0]
            == "The report came with neither its checksum nor an attestation, so anybody can have written it."
        )

    def test_that_was_edited(self, image: Path, report: Path, database: Path, directory: Path) -> None:
        before = checksum(report)
        content = json.loads(report.read_text())
        content["Results"][0]["Vulnerabilities"] = content["Results"][0]["Vulnerabilities"][-1:]
        report.write_text(json.dumps(content))
        (reason, *_) = self.reasons(directory, database, report, image, external_report_checksum=before)
        assert reason == f"The report has the SHA-256 {checksum(report)} instead of {before}: it was changed."

    def test_of_another_image(self, tmp_path: Path, report: Path, database: Path, directory: Path) -> None:
        other = make_image(tmp_path / "other", MENDED)
        reasons = self.reasons(directory, database, report, other)
        assert reasons[0].startswith("The report speaks of image sha256:")
        assert reasons[1] == "The report names other layers (DiffIDs) than the image here has."

    @pytest.mark.parametrize("field", ["ImageID", "DiffIDs"])
    def test_each_identity_counts(
        self, tmp_path: Path, report: Path, database: Path, directory: Path, field: str
    ) -> None:
        other = make_image(tmp_path / "elsewhere" / "other", MENDED)
        content, of_other = (json.loads(path.read_text()) for path in (report, scanned(other, database)))
        content["Metadata"][field] = of_other["Metadata"][field]
        report.write_text(json.dumps(content))
        reasons = self.reasons(directory, database, report, other)
        assert [("DiffIDs" in reason) for reason in reasons[:1]] == [field == "ImageID"]

    def test_without_image_id(self, image: Path, report: Path, database: Path, directory: Path) -> None:
        content = json.loads(report.read_text())
        del content["Metadata"]["ImageID"]
        report.write_text(json.dumps(content))
        assert self.reasons(directory, database, report, image)[0].startswith("The report speaks of image none, ")

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            ({"Trivy": {"Version": "0.69.4"}}, "The report was made by Trivy 0.69.4, which was published by attackers"),
            ({"Trivy": {}}, "The report was made by Trivy of no version, which is no release."),
            ({"CreatedAt": None}, "The report does not say when it was made."),
            ({"CreatedAt": (NOW - timedelta(days=3)).isoformat()}, "; 48 hours are allowed."),
            ({"CreatedAt": (NOW + timedelta(days=3)).isoformat()}, "; 48 hours are allowed."),
            ({"CreatedAt": (NOW - timedelta(hours=9)).isoformat()}, ", before its database ("),
        ],
    )
    def test_what_it_says_of_itself(
        self, image: Path, report: Path, database: Path, directory: Path, change: dict[str, Any], reason: str
    ) -> None:
        report.write_text(json.dumps(json.loads(report.read_text()) | change))
        (found, *_) = self.reasons(directory, database, report, image)
        assert reason in found

    def test_with_a_stale_database(self, tmp_path: Path, image: Path, report: Path, directory: Path) -> None:
        old = make_database(tmp_path / "old", updated=NOW - timedelta(hours=50))
        options = {"external_report": report, "external_report_checksum": checksum(report)}
        assert run(directory, old, layout=image, **options).answer["verdict"] == "error"

    def test_whose_database_lacks_the_distribution(self, tmp_path: Path, directory: Path) -> None:
        lacking = make_database(
            tmp_path / "database", advisories=[entry for entry in ADVISORIES if entry.bucket == "pip"]
        )
        image = make_image(tmp_path / "image")
        report = scanned(image, lacking)
        options = {"external_report": report, "external_report_checksum": checksum(report)}
        assert run(directory, lacking, layout=image, **options).answer["verdict"] == "error"

    @pytest.mark.parametrize(
        "text", ["", "[]", '{"SchemaVersion": 1}', '{"SchemaVersion": 2, "Results": [{"Class": "os-pkgs"}]}']
    )
    def test_that_is_none(self, image: Path, report: Path, database: Path, directory: Path, text: str) -> None:
        report.write_text(text)
        with pytest.raises(Impossible, match=r"^The report .+\.$"):
            run(directory, database, layout=image, external_report=report, external_report_checksum=checksum(report))
        assert not directory.exists()


class TestAttestation:
    """The signature is cosign's, without any service of its."""

    @pytest.fixture(scope="class")
    def cosign(self) -> str:
        return str(tools.program("cosign"))

    @pytest.fixture
    def sign(self, tmp_path: Path, cosign: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], dict[str, str]]:
        monkeypatch.setenv("COSIGN_PASSWORD", "")
        monkeypatch.setenv("HOME", str(tmp_path))

        def signed(path: Path) -> dict[str, str]:
            folder = tmp_path / f"key-{len(list(tmp_path.iterdir()))}"
            folder.mkdir()
            config = folder / "signing-config.json"
            config.write_text(
                subprocess.run([cosign, "signing-config", "create"], check=True, capture_output=True, text=True).stdout
            )
            subprocess.run([cosign, "generate-key-pair"], cwd=folder, check=True, capture_output=True)
            bundle = folder / "bundle.json"
            command = [cosign, "sign-blob", "--key", str(folder / "cosign.key"), "--yes", "--bundle", str(bundle)]
            done = subprocess.run(
                [*command, "--signing-config", str(config), str(path)], capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stderr
            return {
                "external_report_attestation": str(bundle),
                "external_report_key": str(folder / "cosign.pub"),
                "cosign_path": cosign,
            }

        return signed

    def test_in_place_of_a_checksum(
        self, tmp_path: Path, database: Path, directory: Path, sign: Callable[[Path], dict[str, str]]
    ) -> None:
        image = make_image(tmp_path / "image")
        report = scanned(image, database)
        options = sign(report)
        assert run(directory, database, layout=image, external_report=report, **options).answer["verdict"] == "failed"
        other = options | {"external_report_key": sign(report)["external_report_key"]}
        answer = run(directory, database, layout=image, external_report=report, **other).answer
        assert answer["verdict"] == "unverified"
        assert answer["reasons"][0].startswith("The signature of the report does not verify: ")
        report.write_text(report.read_text() + "\n")
        assert (
            run(directory, database, layout=image, external_report=report, **options).answer["verdict"] == "unverified"
        )

    def test_without_cosign(self, tmp_path: Path, database: Path, directory: Path) -> None:
        image = make_image(tmp_path / "image")
        report = scanned(image, database)
        with pytest.raises(Refusal) as error:
            run(
                directory,
                database,
                layout=image,
                external_report=report,
                external_report_attestation=report,
                external_report_key=report,
                cosign_path="/nowhere/cosign",
            )
        assert str(error.value) == (
            "cosign_path is '/nowhere/cosign'; a program is needed to verify external_report_attestation."
        )


class TestArchive:
    @pytest.fixture
    def image(self, tmp_path: Path) -> Path:
        return make_image(tmp_path / "image", VULNERABLE, JINJA2)

    @pytest.mark.parametrize("form", ["oci-archive", "docker-archive"])
    def test_says_what_the_layout_says(
        self, tmp_path: Path, image: Path, database: Path, directory: Path, form: str
    ) -> None:
        archive = tmp_path / "image.tar"
        subprocess.run(
            ["skopeo", "copy", "--quiet", f"oci:{image}", f"{form}:{archive}:app:1"], check=True, capture_output=True
        )
        of_layout = run(directory, database, layout=image).answer
        of_archive = run(directory, database, archive=archive).answer
        same = ("verdict", "reasons", "counts", "config_digest", *(("digest",) if form == "oci-archive" else ()))
        assert {name: of_archive[name] for name in same} == {name: of_layout[name] for name in same}

    def rewritten(self, archive: Path, change: Callable[[str, bytes], bytes | None]) -> Path:
        """The same archive with other contents: name and content -> content, None for a file that goes."""
        target = archive.with_name("changed.tar")
        with tarfile.open(archive) as source, tarfile.open(target, "w") as sink:
            for member in source:
                content = source.extractfile(member) if member.isfile() else None
                new = change(member.name, content.read()) if content else b""
                if new is None:
                    continue
                changed = archive.parent / "content"
                changed.write_bytes(new)
                if member.isfile():
                    sink.add(changed, member.name)
                else:
                    sink.addfile(member)
        return target

    @pytest.fixture
    def docker(self, tmp_path: Path, image: Path) -> Path:
        archive = tmp_path / "image.tar"
        subprocess.run(["skopeo", "copy", "--quiet", f"oci:{image}", f"docker-archive:{archive}:app:1"], check=True)
        return archive

    @pytest.mark.parametrize(
        ("change", "sentence"),
        [
            (lambda name, text: b"" if name.endswith(".tar") else text, "instead of its diff_id"),
            (lambda name, text: None if name.endswith(".tar") else text, "is missing"),
            (lambda name, text: text.replace(b"amd64", b"arm64"), "has the content of sha256:"),
            (lambda name, text: b"[{}, {}]" if name == "manifest.json" else text, "it holds 2 images and has to hold"),
            (lambda name, text: b"[{}]" if name == "manifest.json" else text, "manifest or configuration is damaged"),
            (
                lambda name, text: text.replace(b'"Layers":["', b'"Layers":["../../../../../../etc/hostname","'),
                "it has 3 layers, its configuration 2",
            ),
        ],
    )
    def test_that_was_changed(
        self, docker: Path, database: Path, directory: Path, change: Callable[[str, bytes], bytes | None], sentence: str
    ) -> None:
        assert run(directory, database, archive=docker).answer["verdict"] == "failed"
        shutil.rmtree(directory)
        changed = self.rewritten(docker, change)
        with pytest.raises(Impossible) as error:
            run(directory, database, archive=changed)
        assert str(error.value).startswith(f"The archive '{changed}' is not what it should be: ")
        assert sentence in str(error.value)
        assert not directory.exists()

    def test_an_oci_archive_that_was_changed(
        self, tmp_path: Path, image: Path, database: Path, directory: Path
    ) -> None:
        manifest = json.loads((image / "index.json").read_text())["manifests"][0]["digest"]
        layer = json.loads(blob(image, manifest).read_text())["layers"][0]["digest"]
        blob(image, layer).write_bytes(b"")
        archive = tmp_path / "image.tar"
        with tarfile.open(archive, "w") as tar:
            for name in sorted(os.listdir(image)):
                tar.add(image / name, name)
        with pytest.raises(Impossible) as error:
            run(directory, database, archive=archive)
        assert str(error.value).startswith(f"The archive '{archive}' is not what it should be: the blob {layer} has")

    def test_that_is_none(self, tmp_path: Path, database: Path, directory: Path) -> None:
        text = tmp_path / "text.tar"
        text.write_text("no archive")
        with pytest.raises(Refusal, match="an archive of an image is needed"):
            run(directory, database, archive=text)
        with tarfile.open(tmp_path / "other.tar", "w") as tar:
            tar.add(text, "text")
        with pytest.raises(Refusal, match=r"it holds neither manifest\.json"):
            run(directory, database, archive=tmp_path / "other.tar")
        with tarfile.open(tmp_path / "escape.tar", "w") as tar:
            tar.add(text, "../escaped")
        with pytest.raises(Refusal, match="an archive of an image is needed"):
            run(directory, database, archive=tmp_path / "escape.tar")


@pytest.mark.parametrize("form", ["cyclonedx", "spdx-json"])
def test_an_sbom(tmp_path: Path, database: Path, directory: Path, form: str) -> None:
    image = make_image(tmp_path / "image", VULNERABLE, JINJA2)
    sbom = tmp_path / "sbom.json"
    done = trivy(database, "image", "--input", str(image), "--format", form, "--output", str(sbom))
    assert done.returncode == 0, done.stderr
    of_image = run(directory, database, layout=image).answer
    answer = run(directory, database, sbom=sbom).answer
    assert answer["counts"]["vulnerabilities"] == of_image["counts"]["vulnerabilities"]
    assert (answer["digest"], answer["config_digest"], answer["verdict"]) == (None, None, "failed")


def test_a_file_system(tmp_path: Path, database: Path, directory: Path) -> None:
    sources = tmp_path / "sources"
    sources.mkdir()
    (sources / "requirements.txt").write_text("jinja2==3.1.0\n")
    policy = tmp_path / "policy.json"
    policy.write_text('{"operating_system": "optional"}')
    answer = run(directory, database, filesystem=sources, policy=policy).answer
    assert answer["reasons"] == ["1 HIGH vulnerability, 0 allowed: CVE-2026-0010 in jinja2 3.1.0."]
