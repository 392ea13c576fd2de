"""Items as they are read, and the heads of the answers that speak of one."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import orjson
from starlette.responses import Response

from dmsperf_tui.standin.call import Call
from dmsperf_tui.standin.conditions import is_known
from dmsperf_tui.standin.store import Item, Link
from dmsperf_tui.standin.validation import Document
from dmsperf_tui.standin.vintage import Vintage

_JSON = "application/json"


class Renderer:
    """Links and the etag of a read are 8.x's alone, and so are the quotes around an etag."""

    def __init__(self, vintage: Vintage, project: str) -> None:
        self._is_old = vintage is Vintage.V0_7
        self._project = project

    def read(self, call: Call, item: Item | None) -> Response:
        """The answer to a GET by id: 200, 304, or an empty 404."""
        if item is None:
            return Response(status_code=404)
        if self._is_old:
            return Response(self.document(item), 200, media_type=_JSON)
        headers = {"etag": self._etag(item)}
        if is_known(call.headers, item):
            return Response(status_code=304, headers=headers)
        return Response(self.document(item), 200, headers, _JSON)

    def written(self, call: Call, item: Item, status: int) -> Response:
        """The answer to a successful write: no body, but where the item is and which version."""
        location = f"{call.root}/data/{self._project}/{item.resource.endpoint}/{item.id}"
        return Response(status_code=status, headers={"Location": location, "etag": self._etag(item)})

    def document(self, item: Item) -> bytes:
        """The document with its id, its version, and a link in each reference."""
        if item.rendered is None:
            document: Document = {"id": item.id, **item.document}
            if item.pointers.links and not self._is_old:
                document = _linked(document, item.pointers.links, self._project)
            document["_etag"] = item.etag
            modified = datetime.fromtimestamp(item.modified, UTC)
            document["_lastModifiedDate"] = modified.strftime("%Y-%m-%dT%H:%M:%SZ")
            item.rendered = orjson.dumps(document)
        return item.rendered

    def _etag(self, item: Item) -> str:
        return item.etag if self._is_old else f'"{item.etag}"'


def _linked(document: Document, links: Iterable[Link], project: str) -> Document:
    """A copy of the document whose references say where their targets are."""
    linked: Document = orjson.loads(orjson.dumps(document))
    for link in links:
        node: Any = linked
        for part in link.place:
            node = node[part]
        target = link.target
        href = f"/{project}/{target.resource.endpoint}/{target.id.replace('-', '')}"
        node["link"] = {"rel": target.resource.name, "href": href}
    return linked
