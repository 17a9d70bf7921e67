"""Look at params.yaml before anything runs; `make repro` does. Writes nothing."""

from noisyau import params
from stages import start


def main() -> None:
    params.load()


if __name__ == "__main__":
    start(main)
