"""What the reels of the sample are about: 24 topics and how reels of each behave.

The words people use for a topic are in `phrases/`, one file a language. `reels_dataset.csv` never names the topic:
a recommender has to find it in titles, tags and what viewers do.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic."""

    name: str
    share: float
    """How often it is made, relative to 1.0."""
    seconds: float
    """Median length of its reels."""
    wordless: float
    """0..1: how much of the pleasure is left when the viewer doesn't understand the language."""
    chatty: float
    """Comments per view, relative to 1.0."""
    emoji: str
    """What people put behind a title, separated by spaces."""


TOPICS: Final[tuple[Topic, ...]] = (
    Topic("cooking", 1.4, 38, 0.55, 1.0, "🍳 😋 🤤 🔥 🧄"),
    Topic("baking", 0.9, 42, 0.60, 0.9, "🍞 🧁 🥐 🤎 😋"),
    Topic("street_food", 1.1, 34, 0.60, 1.1, "🌮 🔥 🤤 🥟 💸"),
    Topic("fitness", 1.1, 27, 0.50, 0.9, "💪 🔥 🏋️ 😤 🥵"),
    Topic("yoga", 0.7, 45, 0.50, 0.5, "🧘 🌿 ✨ 🤍 🌅"),
    Topic("football", 1.2, 18, 0.85, 1.5, "⚽ 🔥 🤯 😱 🥅"),
    Topic("cricket", 0.9, 19, 0.75, 1.6, "🏏 🔥 😱 👏 🤯"),
    Topic("dance", 1.2, 17, 0.90, 0.8, "💃 🕺 🔥 😍 ✨"),
    Topic("music", 1.1, 31, 0.75, 1.0, "🎶 🎸 🎹 🥹 🎤"),
    Topic("comedy", 1.4, 21, 0.20, 1.6, "😂 💀 🤣 😭 🙃"),
    Topic("pets", 1.3, 16, 0.85, 1.3, "🐶 🐱 🥹 😭 🐾"),
    Topic("travel", 1.1, 29, 0.60, 0.9, "✈️ 🌊 🏔️ 😍 🗺️"),
    Topic("fashion", 1.0, 23, 0.65, 0.8, "👗 🧥 ✨ 🖤 👀"),
    Topic("beauty", 1.0, 33, 0.55, 1.0, "💄 ✨ 💅 😍 🪞"),
    Topic("gaming", 1.1, 26, 0.45, 1.4, "🎮 💀 😤 🔥 🤯"),
    Topic("gadgets", 0.9, 41, 0.30, 1.1, "📱 🔌 🤔 👀 💻"),
    Topic("diy", 0.9, 44, 0.60, 0.8, "🔨 🪚 🛠️ 😅 🤎"),
    Topic("gardening", 0.8, 35, 0.60, 0.8, "🌱 🍅 🌿 🪴 🐌"),
    Topic("cars", 0.9, 28, 0.65, 1.2, "🚗 🔧 🔥 😮‍💨 🏁"),
    Topic("science", 0.8, 48, 0.15, 1.2, "🔬 🤯 🧪 🪐 🧲"),
    Topic("history", 0.7, 56, 0.05, 1.3, "🏛️ 📜 😳 🗿 ⚔️"),
    Topic("money", 0.7, 43, 0.05, 1.4, "💸 📈 🧾 😬 💰"),
    Topic("art", 0.9, 36, 0.80, 0.7, "🎨 🖌️ ✨ 🥹 🖍️"),
    Topic("books", 0.7, 37, 0.05, 1.1, "📚 😭 📖 ☕ 🥲"),
)

TOPIC_INDEX: Final[dict[str, int]] = {topic.name: i for i, topic in enumerate(TOPICS)}
