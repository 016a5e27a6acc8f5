"""Plants violations in a small tree of its own and checks that each lint of this folder finds them, and nothing else.

usage: selftest.py CXX
"""
import pathlib
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).parent
CXX = "c++"
SKIPPED = 77


def run(*command, cwd=None):
    done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=cwd)
    return done.returncode, done.stdout


class TreeTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)

    def write(self, path, text):
        path = self.root / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def lint(self, name):
        code, output = run(HERE / "lint.sh", name, self.root)
        if code == SKIPPED:
            self.skipTest(output.strip())
        return code, output


class Includes(TreeTest):
    def setUp(self):
        super().setUp()
        for layer in ("base", "wire", "session", "stream", "node", "sim", "io"):
            self.write("libcore/%s/a.h" % layer, "#include <vector>\n")

    def check(self):
        return run(sys.executable, HERE / "includes.py", self.root)

    def test_passes_downward_includes(self):
        self.write("libcore/node/b.cc", '#include "libcore/node/a.h"\n#include "libcore/stream/a.h"\n#include <map>\n')
        self.write("tools/t.cc", '#include <CLI/CLI.hpp>\n#include <thread>\n#include "libcore/io/a.h"\n')
        self.assertEqual(self.check()[0], 0)

    def test_finds_each_planted_include(self):
        planted = [
            ("base", '"libcore/wire/a.h"'),
            ("stream", '"libcore/session/a.h"'),
            ("sim", '"libcore/io/a.h"'),
            ("wire", '"a.h"'),
            ("wire", "<sodium.h>"),
            ("wire", "<isa-l/erasure_code.h>"),
            ("io", "<CLI/CLI.hpp>"),
            ("node", "<asio.hpp>"),
            ("node", "<thread>"),
            ("node", "<random>"),
            ("node", "<unordered_map>"),
            ("node", "<sys/socket.h>"),
            ("other", "<vector>"),
        ]
        for layer, name in planted:
            with self.subTest(layer=layer, name=name):
                path = self.write("libcore/%s/planted.cc" % layer, "#include %s\n" % name)
                code, output = self.check()
                self.assertEqual(code, 1)
                self.assertIn("libcore/%s/planted.cc:1" % layer, output)
                self.assertIn(" 1 wrong", output)
                path.unlink()

    def test_an_empty_tree_is_no_success(self):
        for path in self.root.rglob("*.h"):
            path.unlink()
        self.assertEqual(self.check()[0], 1)


class Compares(TreeTest):
    def check(self):
        return run(sys.executable, HERE / "compares.py", self.root)

    def test_passes_what_is_constant_or_no_secret(self):
        self.write("libcore/session/a.cc", """
            return crypto::equal_secret(mac, wanted);  // not mac == wanted
            if (datagram.size() != kCookieReplyBytes || service.tag == header->tag) return;
            return swarm_secret == crypto::SymmetricKey{};
            """)
        self.write("libcore/wire/a.cc", "if (!std::equal(check.begin(), check.end(), end)) return;\n")
        self.assertEqual(self.check(), (0, "6 lines, 0 wrong\n"))

    def test_finds_each_planted_compare(self):
        for layer, line in (
            ("session", "return std::equal(a.begin(), a.end(), b.begin());"),
            ("crypto", "return std::memcmp(a, b, 16) == 0;"),
            ("session", "return mac == wanted;"),
            ("session", "if (wanted != header.mac1) return;"),
            ("node", "if (config.swarm_secret != link.swarm_secret) return;"),
            ("swarm", "return cookie_ == cookie;"),
        ):
            with self.subTest(layer=layer, line=line):
                path = self.write("libcore/%s/planted.cc" % layer, line + "\n")
                code, output = self.check()
                self.assertEqual(code, 1)
                self.assertIn("libcore/%s/planted.cc:1" % layer, output)
                path.unlink()

    def test_an_empty_tree_is_no_success(self):
        self.assertEqual(self.check()[0], 1)


class Purity(TreeTest):
    def archive(self, layer, source):
        path = self.write("%s.cc" % layer, source)
        archive = self.root / ("libspate_%s.a" % layer)
        for command in (
            [CXX, "-std=c++20", "-O1", "-c", path, "-o", path.with_suffix(".o")],
            ["ar", "rcs", archive, path.with_suffix(".o")],
        ):
            code, output = run(*command)
            self.assertEqual(code, 0, output)
        return archive

    def check(self, *archives):
        return run(sys.executable, HERE / "purity.py", *archives)

    def test_passes_pure_code(self):
        archive = self.archive(
            "node",
            """
            #include <cmath>
            #include <cstring>
            #include <map>
            #include <memory>
            #include <string>
            #include <vector>
            struct Base { virtual ~Base() = default; };
            struct Derived : Base { std::vector<std::string> words; std::map<int, std::string> names; };
            std::shared_ptr<Base> make(std::size_t n, const char* text) {
              auto made = std::make_shared<Derived>();
              for (std::size_t i = 0; i < n; ++i) made->words.push_back(text + std::to_string(i));
              made->names[1] = made->words.at(0) + text;
              if (std::sqrt(static_cast<double>(std::strlen(text))) < 1) std::abort();
              return made;
            }
            """,
        )
        code, output = self.check(archive)
        self.assertEqual(code, 0, output)

    def test_finds_each_planted_need(self):
        archive = self.archive(
            "node",
            """
            #include <chrono>
            #include <cmath>
            #include <cstdio>
            #include <cstdlib>
            #include <ctime>
            #include <fcntl.h>
            #include <random>
            #include <sys/random.h>
            #include <sys/socket.h>
            #include <thread>
            #include <unistd.h>
            long a() { return std::chrono::steady_clock::now().time_since_epoch().count(); }
            long b() { return std::chrono::system_clock::now().time_since_epoch().count(); }
            unsigned c() { return std::random_device{}(); }
            void d() { std::thread([] {}).join(); }
            int e() { return open("/dev/null", O_RDONLY); }
            int f() { return socket(AF_INET, SOCK_DGRAM, 0); }
            long g(char* p) { return getrandom(p, 1, 0) + read(0, p, 1); }
            int h() { return rand(); }
            char* i() { return getenv("HOME"); }
            void j() { fprintf(stderr, "%d", h()); }
            long k() { return time(nullptr); }
            double l(double x) { return std::exp(x); }
            extern "C" void randombytes_buf(void*, unsigned long);
            extern "C" int crypto_hash(unsigned char*, const unsigned char*, unsigned long long);
            void m(unsigned char* p) { randombytes_buf(p, 1); crypto_hash(p, p, 1); }
            """,
        )
        code, output = self.check(archive)
        self.assertEqual(code, 1)
        needs = "steady_clock::now system_clock::now random_device:: std::thread:: open socket getrandom read rand getenv"
        for name in needs.split() + ["time", "exp", "randombytes_buf", "crypto_hash", "fprintf"]:
            # The name, or the fortified one that stands for it.
            self.assertRegex(output, r"node needs (std::)?\S*%s" % name)

    def test_crypto_may_use_sodium_but_not_its_random(self):
        source = """
            extern "C" int %s(unsigned char*, unsigned char*);
            int use(unsigned char* p) { return %s(p, p); }
            """
        for name, expected in (
            ("crypto_scalarmult_base", 0),
            ("crypto_sign_seed_keypair", 0),
            ("crypto_sign_keypair", 1),
            ("crypto_kx_keypair", 1),
            ("crypto_secretbox_keygen", 1),
            ("randombytes", 1),
        ):
            with self.subTest(name=name):
                self.assertEqual(self.check(self.archive("crypto", source % (name, name)))[0], expected)

    def test_what_another_archive_defines_is_not_outside(self):
        lower = self.archive("base", "int below() { return 1; }\n")
        upper = self.archive("node", "int below();\nint above() { return below(); }\n")
        self.assertEqual(self.check(lower, upper)[0], 0)
        self.assertEqual(self.check(upper)[0], 1)


class ManHelp(TreeTest):
    HELP = "Reads a stream.\n\nOptions:\n  -h,--help                 Print this\n  --rate RATE (Env:X)       At most, see --help\n"
    PAGE = ".Bl -tag\n.It Fl h , Fl -help\nPrint\n.It Fl -rate Ar RATE\nAt most\n.El\n"

    def check(self, page, text):
        tool = self.write("tool", "#!/bin/sh\ncat <<'EOF'\n%sEOF\n" % text)
        tool.chmod(0o755)
        return run(sys.executable, HERE / "man_help.py", self.write("tool.1", page), tool)

    def test_passes_the_same_options(self):
        code, output = self.check(self.PAGE, self.HELP)
        self.assertEqual(code, 0, output)

    def test_finds_what_only_help_has(self):
        code, output = self.check(self.PAGE, self.HELP + "  --new TEXT  New\n")
        self.assertEqual(code, 1)
        self.assertIn("lacks --new", output)

    def test_finds_what_only_the_page_has(self):
        code, output = self.check(self.PAGE + ".It Fl -old Ar X\nOld\n", self.HELP)
        self.assertEqual(code, 1)
        self.assertIn("has --old", output)

    def test_nothing_at_all_is_no_success(self):
        self.assertEqual(self.check("", "Does nothing.\n")[0], 1)


class Lints(TreeTest):
    def test_mandoc(self):
        page = ".Dd January 1, 2026\n.Dt X 1\n.Os\n.Sh NAME\n.Nm x\n.Nd a page\n"
        self.write("man/x.1", page)
        code, output = self.lint("mandoc")
        self.assertEqual(code, 0, output)
        self.write("man/x.1", page + ".Zz\n")
        self.assertNotEqual(self.lint("mandoc")[0], 0)

    def test_shellcheck(self):
        self.write("scripts/good", '#!/bin/sh\necho "$1"\n')
        self.write(".ci/good", '#!/bin/sh\necho "$1"\n')
        self.write("tests/good.py", "pass\n")
        code, output = self.lint("shellcheck")
        self.assertEqual(code, 0, output)
        self.write("scripts/bad", "#!/bin/sh\necho $1\n")
        self.assertEqual(self.lint("shellcheck")[0], 1)

    def test_format(self):
        self.write(".clang-format", (HERE.parent.parent / ".clang-format").read_text())
        for folder in ("libcore", "tools", "tests"):
            self.write(folder + "/a.h", "int* f();\n")
        code, output = self.lint("format")
        self.assertEqual(code, 0, output)
        self.write("tools/b.cc", "int *f( ) ;\n")
        self.assertEqual(self.lint("format")[0], 1)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        CXX = sys.argv.pop(1)
    unittest.main()
