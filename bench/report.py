#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""report.py RESULTS [SVG]: what bench/pairs wrote, as a table, and costs over actions as a plot.

RESULTS has a line of JSON for each comparison; it stays beside the table, for other programs. The
plot has a panel for each title of which there are several numbers of actions.
"""
import html
import json
import math
import sys

WIDTH, HEIGHT, MARGIN, COLUMNS = 420, 300, 56, 2
COLOURS = ["#0b62a4", "#d1570a", "#2c8a3c", "#8a3c8a", "#777777"]


def read(path):
    with open(path, encoding="utf-8") as results:
        return [json.loads(line) for line in results if line.strip()]


def print_table(results):
    """Ratios of A and B with their spread, and what one action of each costs."""
    head = ("what", "A", "B", "actions", "A/B min", "median", "max", "cpu", "A ms", "B ms", "A MiB", "B MiB")
    rows = [head]
    for r in results:
        rows.append((r["title"], r["a"], r["b"], str(r["actions"] or "")) +
                    tuple(f"{v:.3f}" for v in r["ratio"]) +
                    (f"{r['cpu_ratio'][1]:.3f}", f"{r['a_ms'][1]:.1f}", f"{r['b_ms'][1]:.1f}",
                     str(r["a_kib"] // 1024), str(r["b_kib"] // 1024)))
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    for row in rows:
        print("  ".join(cell.ljust(w) if i < 3 else cell.rjust(w)
                        for i, (cell, w) in enumerate(zip(row, widths))).rstrip())


def panels(results):
    """{title: {name: {actions: median ms}}}, of titles with several numbers of actions."""
    found = {}
    for r in results:
        if r["actions"]:
            panel = found.setdefault(r["title"], {})
            panel.setdefault(r["a"], {})[r["actions"]] = r["a_ms"][1]
            panel.setdefault(r["b"], {})[r["actions"]] = r["b_ms"][1]
    return {title: panel for title, panel in found.items()
            if any(len(points) > 1 for points in panel.values())}


def decades(values):
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return low, max(high, low + 1)


def text(x, y, words, anchor="middle", colour="#222222"):
    return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">'
            f'{html.escape(words)}</text>')


def draw(title, panel):
    """One panel, at the origin: both axes by decades, a line for each name."""
    xs = decades([n for points in panel.values() for n in points])
    ys = decades([ms for points in panel.values() for ms in points.values()])
    inner_w, inner_h = WIDTH - 2 * MARGIN, HEIGHT - 2 * MARGIN

    def x_of(n):
        return MARGIN + inner_w * (math.log10(n) - xs[0]) / (xs[1] - xs[0])

    def y_of(ms):
        return HEIGHT - MARGIN - inner_h * (math.log10(ms) - ys[0]) / (ys[1] - ys[0])

    parts = [text(WIDTH / 2, 16, f"{title}: ms over actions")]
    for decade in range(xs[0], xs[1] + 1):
        x = x_of(10 ** decade)
        parts.append(f'<path d="M{x:.1f} {MARGIN}V{HEIGHT - MARGIN}" stroke="#dddddd"/>')
        parts.append(text(x, HEIGHT - MARGIN + 16, f"{10 ** decade}"))
    for decade in range(ys[0], ys[1] + 1):
        y = y_of(10 ** decade)
        parts.append(f'<path d="M{MARGIN} {y:.1f}H{WIDTH - MARGIN}" stroke="#dddddd"/>')
        parts.append(text(MARGIN - 6, y + 4, f"{10.0 ** decade:g}", "end"))
    for i, (name, points) in enumerate(panel.items()):
        colour = COLOURS[i % len(COLOURS)]
        line = [(x_of(n), y_of(ms)) for n, ms in sorted(points.items())]
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in line)
        parts.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts.extend(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in line)
        parts.append(text(MARGIN + 6, MARGIN - 26 + 12 * i, name, "start", colour))
    return "\n".join(parts)


def write_plot(path, found):
    width = WIDTH * min(max(len(found), 1), COLUMNS)
    height = HEIGHT * max(math.ceil(len(found) / COLUMNS), 1)
    with open(path, "w", encoding="utf-8") as svg:
        svg.write(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
                  f'width="{width}" height="{height}" font-family="sans-serif" font-size="11">\n'
                  f'<rect width="{width}" height="{height}" fill="#ffffff"/>\n')
        for i, (title, panel) in enumerate(found.items()):
            left, top = i % COLUMNS * WIDTH, i // COLUMNS * HEIGHT
            svg.write(f'<g transform="translate({left} {top})">\n{draw(title, panel)}\n</g>\n')
        svg.write("</svg>\n")


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__.splitlines()[0])
    results = read(sys.argv[1])
    print_table(results)
    if len(sys.argv) == 3:
        write_plot(sys.argv[2], panels(results))


if __name__ == "__main__":
    main()
