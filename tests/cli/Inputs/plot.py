# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A plot is an XML document with a title, labels of axes and a legend, whose curves end where the run did.

plot.py PLOT.svg PRINTED TITLE EPOCHS LABEL...: the curve of the test loss has the values that PRINTED has; the texts of the plot include each LABEL.
"""
import math
import re
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

path, printed, title, epochs, *labels = sys.argv[1:]
root = ElementTree.parse(path).getroot()
SVG = "{http://www.w3.org/2000/svg}"
assert root.tag == SVG + "svg"
width, height = float(root.get("width")), float(root.get("height"))
assert root.find(SVG + "title").text == title
texts = [(element.text, float(element.get("x")), float(element.get("y"))) for element in root.iter(SVG + "text")]
words = [text for text, _, _ in texts]
assert words[0] == title and not set(labels) - set(words), words
assert all(0 <= x <= width and 0 <= y <= height for _, x, y in texts), texts

# The test loss is drawn with markers. With two ticks of the axis, pixels are losses again.
place = [(float(element.get("cx")), float(element.get("cy"))) for element in root.iter(SVG + "circle") if element.get("fill") == "#009e73"]
marks = [mark for mark in place[1:] if mark[1] < 330]  # the first is of the legend, those below are of the next panel
losses = [float(loss) for loss in re.findall(r"^epoch .* test_loss ([0-9.e+-]+)", Path(printed).read_text(), re.M)]
assert len(marks) == len(losses) == int(epochs), (marks, losses)
scale = math.log if "loss (logarithmic)" in words else float
ticks = [(float(text), y - 4) for text, x, y in texts if re.fullmatch(r"[0-9.]+", text) and x < 60 and y < 330]
(a, top), (b, low) = ticks[0], ticks[-1]
for (_, y), loss in zip(marks, losses):
    drawn = scale(a) + (scale(b) - scale(a)) * (y - top) / (low - top)
    assert abs(drawn - scale(loss)) < 0.01 * abs(scale(b) - scale(a)), (y, loss, ticks)
