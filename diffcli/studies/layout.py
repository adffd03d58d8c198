"""Where the nodes of a graph stand: layers from above, few crossings, straight lines; units are the drawer's.

Layers are filled as a list scheduler fills machines (Coffman & Graham 1972), no
wider than is asked; within them barycentres order (Sugiyama et al. 1981), and
places are the nearest to the neighbours' that keep the order. A line that passes
a layer stands there as a `Pass`, one for all readers of the same node.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

SWEEPS = 12


@dataclass(frozen=True, slots=True)
class Item:
    """A node in its layer, or (`passing`) the line that leaves it and goes further down."""

    node: int
    passing: bool = False


@dataclass(frozen=True, slots=True)
class Placed:
    """Layers of items from left to right, and the centre of each."""

    layers: tuple[tuple[Item, ...], ...]
    centre: Mapping[tuple[int, Item], float]
    level: tuple[int, ...]

    def below(self, layer: int, item: Item, targets: Sequence[int]) -> list[Item]:
        """What the line of an item meets in the next layer."""
        found = [Item(target) for target in dict.fromkeys(targets) if self.level[target] == layer + 1]
        further = any(self.level[target] > layer + 1 for target in targets)
        return found + [Item(item.node, True)] * further


def place(
    widths: Sequence[float],
    edges: Sequence[tuple[int, int]],
    late: frozenset[int],
    limit: float,
    gap: float,
    line: float,
) -> Placed:
    """Place nodes of these `widths`, `gap` apart, in layers that are `limit` wide if that can be.

    Nodes in `late` (constants) stand right above what reads them; a line that passes is `line` wide.
    """
    sources: list[list[int]] = [[] for _ in widths]
    targets: list[list[int]] = [[] for _ in widths]
    for source, target in edges:
        sources[target].append(source)
        targets[source].append(target)
    level = _levels(widths, sources, targets, late, limit, gap, line)
    layers = _ordered(_with_passes(level, targets), level, targets)
    room = [[line if item.passing else widths[item.node] for item in layer] for layer in layers]
    centre = _centres(layers, room, level, targets, limit, gap)
    return Placed(tuple(map(tuple, layers)), centre, tuple(level))


# --- layers
def _levels(
    widths: Sequence[float], sources: Sequence[Sequence[int]], targets: Sequence[Sequence[int]],
    late: frozenset[int], limit: float, gap: float, line: float,
) -> list[int]:  # fmt: skip
    count = len(widths)
    remaining = _to_the_end(count, targets, sources)
    level, layer = [-1] * count, 0
    open_ = {k for k in range(count) if k not in late}
    above = 0.0
    live: set[int] = set()
    while open_:
        used = sum(line + gap for k in live if any(target in open_ for target in targets[k]))
        ready = [k for k in open_ if all(s in late or 0 <= level[s] < layer for s in sources[k])]
        ready.sort(key=lambda k: (-remaining[k], k))
        placed: list[int] = []
        for k in ready:
            constants = [s for s in dict.fromkeys(sources[k]) if s in late and level[s] < 0]
            needed = sum(widths[s] + gap for s in constants)
            if constants and (layer == 0 or above + needed > limit and above):
                if not placed or used + needed <= limit:  # they stand here, and their reader below
                    used += needed
                    placed += constants
                    for s in constants:
                        level[s] = layer
                continue
            if placed and used + widths[k] > limit:
                continue
            for s in constants:
                level[s] = layer - 1
            above += needed
            used += widths[k] + gap
            placed.append(k)
            level[k] = layer
        open_.difference_update(placed)
        live.update(placed)
        above, layer = used, layer + 1
    return level


def _to_the_end(count: int, targets: Sequence[Sequence[int]], sources: Sequence[Sequence[int]]) -> list[int]:
    """The longest way from each node to a last one; nodes may stand in any order."""
    waiting = [len(set(found)) for found in targets]
    length = [0] * count
    ready = [k for k in range(count) if not waiting[k]]
    while ready:
        k = ready.pop()
        for source in set(sources[k]):
            length[source] = max(length[source], length[k] + 1)
            waiting[source] -= 1
            if not waiting[source]:
                ready.append(source)
    return length


def _with_passes(level: Sequence[int], targets: Sequence[Sequence[int]]) -> list[list[Item]]:
    layers: list[list[Item]] = [[] for _ in range(max(level, default=-1) + 1)]
    for k, own in enumerate(level):
        layers[own].append(Item(k))
        for between in range(own + 1, max((level[target] for target in targets[k]), default=own)):
            layers[between].append(Item(k, True))
    return layers


# --- order
def _links(
    layers: Sequence[Sequence[Item]], level: Sequence[int], targets: Sequence[Sequence[int]]
) -> list[list[tuple[Item, Item]]]:
    """For each gap between layers, what is joined."""
    found: list[list[tuple[Item, Item]]] = []
    for i, layer in enumerate(layers[:-1]):
        links = []
        for item in layer:
            reached = [Item(target) for target in targets[item.node] if level[target] == i + 1]
            if any(level[target] > i + 1 for target in targets[item.node]):
                reached.append(Item(item.node, True))
            links += [(item, other) for other in reached]
        found.append(links)
    return found


def _ordered(layers: list[list[Item]], level: Sequence[int], targets: Sequence[Sequence[int]]) -> list[list[Item]]:
    """The order with the fewest crossings that sweeps of barycentres come to."""
    links = _links(layers, level, targets)
    best, fewest = [list(layer) for layer in layers], _crossings(layers, links)
    for sweep in range(SWEEPS):
        downward = sweep % 2 == 0
        for i in range(1, len(layers)) if downward else range(len(layers) - 2, -1, -1):
            fixed = layers[i - 1] if downward else layers[i + 1]
            joined = links[i - 1] if downward else [(b, a) for a, b in links[i]]
            _sort(layers[i], fixed, joined)
        crossings = _crossings(layers, links)
        if crossings < fewest:
            best, fewest = [list(layer) for layer in layers], crossings
    return best


def _sort(layer: list[Item], fixed: Sequence[Item], joined: Sequence[tuple[Item, Item]]) -> None:
    position = {item: i for i, item in enumerate(fixed)}
    reached: dict[Item, list[int]] = {}
    for one, other in joined:
        reached.setdefault(other, []).append(position[one])
    here = {item: float(i) for i, item in enumerate(layer)}
    scale = len(fixed) / max(len(layer), 1)
    layer.sort(key=lambda item: sum(reached[item]) / len(reached[item]) if item in reached else here[item] * scale)


def _crossings(layers: Sequence[Sequence[Item]], links: Sequence[Sequence[tuple[Item, Item]]]) -> int:
    total = 0
    for i, joined in enumerate(links):
        upper = {item: k for k, item in enumerate(layers[i])}
        lower = {item: k for k, item in enumerate(layers[i + 1])}
        ends = sorted((upper[a], lower[b]) for a, b in joined)
        total += sum(ends[k][1] < ends[j][1] for k in range(len(ends)) for j in range(k))
    return total


# --- places
def _centres(
    layers: Sequence[Sequence[Item]], room: Sequence[Sequence[float]], level: Sequence[int],
    targets: Sequence[Sequence[int]], limit: float, gap: float,
) -> dict[tuple[int, Item], float]:  # fmt: skip
    centre: dict[tuple[int, Item], float] = {}
    width = max([sum(found) + gap * (len(found) - 1) for found in room], default=0.0)
    for i, layer in enumerate(layers):
        x = (width - sum(room[i]) - gap * (len(layer) - 1)) / 2
        for item, own in zip(layer, room[i], strict=True):
            centre[i, item] = x + own / 2
            x += own + gap
    links = _links(layers, level, targets)
    for sweep in range(SWEEPS + 1):
        downward = sweep % 2 == 0
        for i in range(1, len(layers)) if downward else range(len(layers) - 2, -1, -1):
            joined = links[i - 1] if downward else [(b, a) for a, b in links[i]]
            _settle(centre, i, i - 1 if downward else i + 1, layers[i], room[i], joined, gap)
    left = min((x - room[i][layers[i].index(item)] / 2 for (i, item), x in centre.items()), default=0.0)
    right = max((x + room[i][layers[i].index(item)] / 2 for (i, item), x in centre.items()), default=0.0)
    if right - left > max(limit, width):  # the lean is given up where it needs more room than there is
        for i, layer in enumerate(layers):
            _pressed(centre, i, layer, room[i], gap, left, left + max(limit, width))
    return {key: x - left for key, x in centre.items()}


def _settle(
    centre: dict[tuple[int, Item], float], i: int, other: int, layer: Sequence[Item], room: Sequence[float],
    joined: Sequence[tuple[Item, Item]], gap: float,
) -> None:  # fmt: skip
    """The places nearest to the means of the neighbours that keep the order: pools of adjacent violators."""
    reached: dict[Item, list[float]] = {}
    for one, item in joined:
        reached.setdefault(item, []).append(centre[other, one])
    offsets, offset = [], 0.0
    for k in range(len(layer)):
        offset += (room[k - 1] + room[k]) / 2 + gap if k else 0.0
        offsets.append(offset)
    pools: list[list[float]] = []  # sum, weight, count
    for item, shift in zip(layer, offsets, strict=True):
        wanted = reached.get(item)
        weight = (8.0 if item.passing else 1.0) if wanted else 0.01
        target = (sum(wanted) / len(wanted) if wanted else centre[i, item]) - shift
        pools.append([target * weight, weight, 1])
        while len(pools) > 1 and pools[-2][0] / pools[-2][1] > pools[-1][0] / pools[-1][1]:
            total, heavy, count = pools.pop()
            pools[-1][0] += total
            pools[-1][1] += heavy
            pools[-1][2] += count
    places = [total / weight for total, weight, count in pools for _ in range(int(count))]
    for item, shift, x in zip(layer, offsets, places, strict=True):
        centre[i, item] = x + shift


def _pressed(
    centre: dict[tuple[int, Item], float], i: int, layer: Sequence[Item], room: Sequence[float], gap: float,
    left: float, right: float,
) -> None:  # fmt: skip
    """Into the room there is, from the right and then from the left."""
    edge = right
    for item, own in zip(reversed(layer), reversed(room), strict=True):
        centre[i, item] = min(centre[i, item], edge - own / 2)
        edge = centre[i, item] - own / 2 - gap
    edge = left
    for item, own in zip(layer, room, strict=True):
        centre[i, item] = max(centre[i, item], edge + own / 2)
        edge = centre[i, item] + own / 2 + gap


def spread_out(wanted: Sequence[int], room: Sequence[int], gap: int) -> list[int]:
    """Whole left edges in order, none overlapping, near those wanted."""
    found = list(wanted)
    for (i, _), (k, _) in pairwise(enumerate(found)):
        found[k] = max(found[k], found[i] + room[i] + gap)
    return found
