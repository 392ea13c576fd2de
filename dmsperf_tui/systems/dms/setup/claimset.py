"""`setup claimset`: our claim set beside the others, and its undoing."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from dmsperf_tui.plan.errors import ConfigError
from dmsperf_tui.systems.answers import document, explain, told
from dmsperf_tui.systems.checks import StepError, StepRow
from dmsperf_tui.systems.dms.place import Place
from dmsperf_tui.systems.dms.setup.claims import (
    Claims,
    equal,
    merged,
    names,
    rights,
    rights_granted,
    with_granted,
    without,
)
from dmsperf_tui.systems.dms.setup.cms import Cms

CLAIM_SET_FILE = "config/performance-test-claimset.json"
RELOAD_FLAG = "AppSettings__EnableClaimsetReload=true"
TIMEOUT_S = 30.0


def read_claims(path: Path) -> Claims:
    """Our file, in the form that an upload has: `{"claims": {...}}`. Raises ConfigError."""
    try:
        claims: Claims = json.loads(path.read_text(encoding="utf-8"))["claims"]
        if not names(claims) or not all("name" in node for node in claims["claimsHierarchy"]):
            raise KeyError("claimsHierarchy")
    except OSError as fault:
        raise ConfigError(f"cannot be read ({fault.strerror})", file=str(path)) from None
    except (ValueError, KeyError, TypeError) as fault:
        raise ConfigError(
            f"is no claims document ({fault})", file=str(path), mend='write {"claims": {"claimSets": …}}'
        ) from None
    return claims


@dataclass(frozen=True, slots=True)
class Backup:
    """The file that keeps the claims as they were before ours came."""

    path: Path

    @classmethod
    def of(cls, environment: str, results: Path) -> Backup:
        """That of the environment of this name, among the results."""
        name = re.sub(r"[^\w.-]+", "_", environment)
        return cls(results / "setup" / f"claims-{name}.json")

    @property
    def exists(self) -> bool:
        return self.path.is_file()

    def keep(self, claims: Claims) -> None:
        """Writes the file in one step. Raises StepError: without it nothing may be uploaded."""
        made = self.path.with_suffix(".tmp")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            made.write_text(json.dumps(claims, indent=1), encoding="utf-8")
            made.replace(self.path)
        except OSError as fault:
            raise StepError(
                f"the current claims cannot be kept in {self.path} ({fault.strerror})", "nothing was changed"
            ) from None

    def is_same(self, claims: Claims) -> bool:
        """Whether these are the claims in the file."""
        try:
            return equal(claims, json.loads(self.path.read_text(encoding="utf-8")))
        except (OSError, ValueError, KeyError, TypeError):
            return False

    def drop(self) -> None:
        self.path.unlink(missing_ok=True)


@told("claim set")
async def add_claim_set(
    client: httpx.AsyncClient, place: Place, ours: Claims, backup: Backup
) -> AsyncIterator[StepRow]:
    """Merges `ours` into the current claims, uploads them, has the DMS read them and looks whether it did.

    What was there before is kept in `backup`, once: a second call does not overwrite it.
    """
    cms = await Cms.connect(client, place)
    await cms.log_in(place.admin, place.admin_token)
    current, kept = await _everything(cms, ours)
    yield StepRow("claims", True, f"{len(current['claimSets'])} claim sets are there" + kept)
    wanted = merged(current, ours)
    title = ", ".join(names(ours))
    if equal(current, wanted):
        yield StepRow("claim set", True, f"{title} is there as it should be")
    else:
        if not backup.exists or not set(names(ours)) <= set(names(current)):
            backup.keep(without(current, names(ours)))
            yield StepRow("backup", True, f"what was there is kept in {backup.path}")
        await cms.upload_claims(wanted)
        yield StepRow("claim set", True, f"{title} added; all others are as they were", changed=True)
    yield await reload_dms(client, place)
    yield await seen(client, place, names(ours))


@told("claims")
async def restore_claims(
    client: httpx.AsyncClient, place: Place, ours: Claims, backup: Backup
) -> AsyncIterator[StepRow]:
    """Takes our claim set out again; what others have changed meanwhile stays as it is."""
    cms = await Cms.connect(client, place)
    await cms.log_in(place.admin, place.admin_token)
    current, _ = await _everything(cms, ours)
    title = ", ".join(names(ours))
    restored = without(current, names(ours))
    left = await _known(cms, ours)
    if equal(current, restored):
        if left:
            detail = f"{', '.join(left)} is not in the claims document, but the Configuration Service has it"
            yield StepRow("claims", None, f"{detail}: an upload takes it out")
        else:
            backup.drop()
            yield StepRow("claims", True, f"{title} is not there: nothing to restore")
            return
    await cms.upload_claims(restored)
    if left := await _known(cms, ours):
        raise StepError(
            f"the Configuration Service still knows {', '.join(left)} after the upload without it",
            f"delete it there: {cms.url}/{cms.version.path}/claimSets",
        )
    rest = "all others are as they are"
    if backup.exists:
        rest = "all is as before" if backup.is_same(restored) else "what others changed meanwhile is kept"
    backup.drop()
    yield StepRow("claims", True, f"{title} removed; {rest}", changed=True)
    yield await reload_dms(client, place)


async def _everything(cms: Cms, ours: Claims) -> tuple[Claims, str]:
    """The current claims, also those that only the database has; what came from there, in words.

    The CMS's document is what was uploaded or loaded at its start. Claim sets made through its API are not
    in it, and grants changed there are in it as they were (CMS ClaimsProvider, ClaimSetRepository.cs: of
    those that belong to the system it changes none).
    """
    current = await cms.current_claims()
    known = {name.lower() for name in names(current)}
    mine = {name.lower() for name in names(ours)}
    made = changed = 0
    for name, reserved in (await cms.claim_sets()).items():
        is_new = name.lower() not in known
        if name.lower() in mine or (reserved and not is_new):
            continue
        granted = await cms.granted(name)
        if is_new or rights_granted(granted) != rights(current, name):
            current = with_granted(current, name, granted, reserved=reserved)
            made, changed = made + is_new, changed + (not is_new)
    counts = ((made, "made"), (changed, "changed"))
    return current, "".join(f", {count} of them {how} through the API" for count, how in counts if count)


async def _known(cms: Cms, ours: Claims) -> list[str]:
    """Those claim sets of ours that the CMS's database has."""
    mine = {name.lower() for name in names(ours)}
    return [name for name in await cms.claim_sets() if name.lower() in mine]


def _management(place: Place, what: str) -> str:
    tenant = f"{place.tenant}/" if place.tenant else ""
    return f"{place.url}/management/{tenant}{what}"


async def reload_dms(client: httpx.AsyncClient, place: Place) -> StepRow:
    """Has the DMS read the claim sets again; where it does not let us, it does so within 10 minutes."""
    response = await client.post(_management(place, "reload-claimsets"), timeout=TIMEOUT_S)
    if response.status_code == 404:
        return StepRow(
            "reload",
            None,
            "the DMS does not reload on demand (404): it reads the claim sets again within 10 minutes",
            mend=f"give it {RELOAD_FLAG}, or wait",
        )
    if not response.is_success:
        return StepRow("reload", False, f"the DMS cannot read the claim sets: {explain(response)}")
    return StepRow("reload", True, "the DMS has read the claim sets")


async def seen(client: httpx.AsyncClient, place: Place, claim_sets: list[str]) -> StepRow:
    """Whether the DMS has the claim sets."""
    response = await client.get(_management(place, "view-claimsets"), timeout=TIMEOUT_S)
    body: Any = document(response)
    if response.status_code == 404:
        return StepRow(
            "verified", None, "the DMS does not show its claim sets (404)", mend=f"give it {RELOAD_FLAG}"
        )
    if not isinstance(body, list):
        return StepRow("verified", False, f"the DMS cannot show its claim sets: {explain(response)}")
    shown = {_name(entry).lower(): entry for entry in body if isinstance(entry, dict)}
    if missing := [name for name in claim_sets if name.lower() not in shown]:
        return StepRow("verified", False, f"the DMS does not have {', '.join(missing)}", mend="try again")
    claims = sum(len(_field(shown[name.lower()], "resourceClaims") or []) for name in claim_sets)
    return StepRow(
        "verified",
        True,
        f"the DMS has {', '.join(claim_sets)}" + (f" with {claims} grants" if claims else ""),
    )


def _field(entry: dict[str, Any], name: str) -> Any:
    """A DMS writes its own objects as its serializer is set: `name` or `Name`."""
    return entry.get(name, entry.get(name[:1].upper() + name[1:]))


def _name(entry: dict[str, Any]) -> str:
    return str(_field(entry, "name") or _field(entry, "claimSetName") or "")
