"""The viewer's app of reels: Flutter, written in Python with Flet; talks to the API by HTTP only."""
