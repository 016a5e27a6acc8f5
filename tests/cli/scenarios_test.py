"""Every shipped scenario: it runs, ends as it says it does, tells its purpose, and has its keys in the page."""
import concurrent.futures
import glob
import json
import os
import re
import unittest

import spate

ROOT = os.path.join(os.path.dirname(__file__), "../..")
FILES = sorted(glob.glob(os.path.join(ROOT, "tests/scenarios/*.toml")))
AT_A_TIME = 2


def name_of(path):
    return os.path.basename(path).removesuffix(".toml")


def text_of(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


class Scenarios(unittest.TestCase):
    def run_one(self, path):
        return spate.run("simulate", name_of(path), "--crypto", "fast", "--json", limit=120)

    def test_each_ends_as_it_says(self):
        """With 0, unless a line of its comment says "# Ends with N today" and why."""
        with concurrent.futures.ThreadPoolExecutor(AT_A_TIME) as pool:
            for path, tool in zip(FILES, pool.map(self.run_one, FILES)):
                with self.subTest(name_of(path)):
                    says = re.search(r"^# Ends with (\d+) today", text_of(path), re.MULTILINE)
                    self.assertEqual(tool.code, int(says[1]) if says else 0, tool.err[:500])
                    run = json.loads(bytes(tool.out))
                    self.assertEqual(run["scenario"], name_of(path))
                    self.assertEqual(run["safety_findings"], 0)

    def test_each_begins_with_its_purpose_and_is_listed(self):
        tool = spate.run("simulate", "--list")
        self.assertEqual((tool.code, tool.err), (0, ""))
        listed = dict(line.split("  ", 1) for line in tool.out.decode().splitlines())
        self.assertEqual(list(listed), [name_of(path) for path in FILES])
        self.assertGreaterEqual(len(FILES), 18)
        for path in FILES:
            purpose = re.match(r'purpose = "([A-Z][^"\n]+\.)"\n', text_of(path))
            self.assertIsNotNone(purpose, path)
            self.assertEqual(listed[name_of(path)], purpose[1])

    def test_every_key_has_its_place_in_the_page(self):
        page = text_of(os.path.join(ROOT, "man/spate-scenario.5"))
        sections = {re.sub(r"[\[\]\\&,]|and", "", title).strip(): body for title, body in
                    re.findall(r"^\.Ss (.*)\n((?:(?!\.S[sh] ).*\n)*)", page, re.MULTILINE)}
        keys_of = {title: set(re.findall(r"[\w-]+", " ".join(re.findall(r"^\.It Cm (.*?)(?: No =.*)?$", body,
                                                                        re.MULTILINE))))
                   for title, body in sections.items()}
        for path in FILES:
            tool = spate.run("simulate", name_of(path), "--write")
            self.assertEqual((tool.code, tool.err), (0, ""))
            title = "The world"
            for line in tool.out.decode().splitlines():
                if table := re.fullmatch(r"\[+([\w-]+)\]+", line):
                    title = next(title for title in sections if table[1] in title.split())
                elif line:
                    self.assertIn(line.split(" = ")[0], keys_of[title], title)

    def test_the_examples_of_the_page(self):
        page = text_of(os.path.join(ROOT, "man/spate-scenario.5"))
        examples = re.findall(r"^\.Bd -literal.*\n((?:.*\n)*?)\.Ed$", page, re.MULTILINE)
        self.assertEqual(len(examples), 2)
        for i, example in enumerate(examples):
            with self.subTest(i):
                path = os.path.join(os.environ.get("TMPDIR", "/tmp"), "spate-example-%d-%d.toml" % (os.getpid(), i))
                self.addCleanup(os.unlink, path)
                with open(path, "w", encoding="utf-8") as file:
                    file.write(example)
                tool = spate.run("simulate", path, "--crypto", "fast", limit=120)
                self.assertEqual(tool.code, 0, tool.err[:500])


unittest.main()
