"""The recipes of the help page that run on a site's server. Those for browsers are the widget's:
`widget/test/browser/recipes.test.mjs`.
"""

import json
import re
import subprocess
from pathlib import Path

from tests import tools
from tests.tools import ROOT

HELP = (ROOT / "consent_service/help/api.md").read_text()

# As much of WordPress as the recipe uses: who wants to be called for what, and at what place.
WORDPRESS = r"""<?php
$wanted = [];
function add_action($name, $call, $place = 10) {
    add_filter($name, $call, $place);
}
function add_filter($name, $call, $place = 10, $count = 1) {
    global $wanted;
    $wanted[$name] = [$call, $place, $count];
}
"""
CALLS = r"""
[$head, $place] = $wanted['wp_head'];
$head();
echo "at $place\n";
[$hold, , $count] = $wanted['script_loader_tag'];
foreach (json_decode($argv[1]) as [$handle, $tag]) {
    echo $hold(...array_slice([$tag, $handle, ''], 0, $count)), "\n";
}
"""


def recipe(anchor: str) -> str:
    """The code of a part of the page."""
    part = HELP.partition(f"{{#{anchor}}}\n")[2].partition("\n### ")[0]
    found = re.search(r"^```\n(.*?)^```$", part, re.M | re.S)
    assert found, anchor
    return found[1]


def test_the_recipe_for_wordpress_puts_the_tag_first_and_holds_what_it_names(
    tmp_path: Path,
) -> None:
    script = tmp_path / "functions.php"
    script.write_text(recipe("wordpress").replace("<?php", WORDPRESS) + CALLS)
    a = '<script type="text/javascript" src="https://a.example/a.js" id="google-site-kit-js">'
    theme = '<script src="/theme.js" id="theme-js"></script>'
    enqueued = json.dumps([["google-site-kit", a], ["theme", theme]])
    command = [tools.php(), str(script), enqueued]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    held = a.replace('"text/javascript"', '"text/plain" data-consent="statistics"')
    assert ran.stdout.splitlines() == [
        '<script async src="https://consent.example.org/v1/sites/SITE/banner.js"></script>',
        "at 0",
        held,
        theme,
    ]


def test_the_recipe_for_shopify_is_the_tag_that_every_site_has() -> None:
    install = (ROOT / "consent_service/help/install-the-tag.md").read_text()
    assert recipe("shopify") in install
