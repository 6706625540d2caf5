"""Mirror the documents of a feed into a folder, politely.

    python examples/mirror_feed.py https://example.org/feed.json out/
"""

from __future__ import annotations

import sys
from pathlib import Path

from ferry.http.client import Client, StatusError
from ferry.http.retry import RetryPolicy
from ferry.render.filters import filesize, slugify


def load_feed(client: Client, url: str) -> list[dict[str, str]]:
    document = client.get(url).raise_for_status().json()
    assert isinstance(document, dict)
    return list(document["items"])


def mirror(client: Client, url: str, folder: Path) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    total = 0
    for item in load_feed(client, url):
        target = folder / (slugify(item["title"]) + ".html")
        try:
            total += client.download(item["url"], str(target))
        except StatusError as error:
            print(f"skipped {item['title']}: {error}", file=sys.stderr)
    return total


def main() -> None:
    url, folder = sys.argv[1:3]
    with Client(retry=RetryPolicy(attempts=6)) as client:
        print(filesize(mirror(client, url, Path(folder))))


if __name__ == "__main__":
    main()
