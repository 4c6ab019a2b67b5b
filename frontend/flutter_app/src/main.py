"""The entry of the packaged app (`flet build`) and of `flet run`: one viewer, one device."""

import os

import flet as ft
import httpx

from reels_app.app import AppConfig, start

API_URL = os.environ.get("REELS_API_URL", "http://127.0.0.1:8000")

ft.context.disable_auto_update()  # type: ignore[no-untyped-call]


async def main(page: ft.Page) -> None:
    """Run the app against the API of `REELS_API_URL`."""
    await start(page, httpx.AsyncClient(timeout=10.0), AppConfig(API_URL))


if __name__ == "__main__":
    ft.run(main, assets_dir="assets")
