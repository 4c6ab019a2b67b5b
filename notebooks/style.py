"""How the notebooks draw: quiet axes, two colours that mean something."""

import warnings

import matplotlib.pyplot as plt
from cycler import cycler

warnings.filterwarnings("ignore", message="IProgress not found")  # implicit's progress bar wants widgets

ACCENT, QUIET = "#d1495b", "#7a8ca5"
plt.rcParams.update(
    {
        "figure.figsize": (6.4, 3.2),
        "figure.dpi": 80,
        "figure.constrained_layout.use": True,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.axisbelow": True,
        "axes.titlelocation": "left",
        "grid.color": "#e6e6e6",
        "legend.frameon": False,
        "font.size": 9,
        "axes.prop_cycle": cycler(color=["#d1495b", "#2f6690", "#3a7d44", "#e09f3e", "#7d5ba6", "#1b998b", "#5c677d"]),
    }
)
