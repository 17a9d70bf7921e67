"""Fetch the third-party files: models/assets/."""

from pathlib import Path

from noisyau import assets, tracking
from stages import start


def main() -> None:
    with tracking.run("assets", {name: asset.sha256 for name, asset in assets.ASSETS.items()}):
        assets.fetch(Path("models/assets"))


if __name__ == "__main__":
    start(main)
