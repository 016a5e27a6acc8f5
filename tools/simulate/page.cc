#include "tools/simulate/page.h"

namespace spate::tools {
namespace {

constexpr const char* kStyle = R"css(
:root {
  color-scheme: light dark;
  --paper: #fbfbf9; --card: #ffffff; --ink: #1c2024; --muted: #6b7280; --grid: #e6e7e9; --line: #e3e4e6;
  --good: #1d7a52; --good-soft: #e3f3ec; --bad: #b42318; --bad-soft: #fde8e6; --wait: #8a6100; --wait-soft: #fbf0d5;
  --c1: #2563b8; --c2: #d9822b; --c3: #2f9476; --c4: #8b5fbf; --c5: #c8506e; --c6: #5aa3c9; --c7: #98a1ad;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14171a; --card: #1b1f23; --ink: #e8eaed; --muted: #98a1ad; --grid: #2c3238; --line: #2a2f35;
    --good: #6fd3a6; --good-soft: #17352a; --bad: #ff9b8f; --bad-soft: #43201d; --wait: #ecc46a; --wait-soft: #3a2f14;
    --c1: #6ea8f0; --c2: #eda45c; --c3: #5dc4a3; --c4: #b592e0; --c5: #e58aa1; --c6: #86c5e6; --c7: #7b8593;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", "Inter", "Cantarell", "DejaVu Sans", sans-serif;
}
main { max-width: 1120px; margin: 0 auto; padding: 48px 28px 64px; }
header { margin-bottom: 36px; }
.kicker { color: var(--muted); font-size: 13px; letter-spacing: .08em; text-transform: uppercase; }
.top { display: flex; flex-wrap: wrap; gap: 12px 20px; align-items: center; margin: 4px 0 10px; }
h1 { font-size: 38px; line-height: 1.15; letter-spacing: -.02em; margin: 0; font-weight: 680; overflow-wrap: anywhere; }
.lead { font-size: 18px; color: var(--muted); margin: 0; max-width: 46em; }
.verdict { font-size: 14px; font-weight: 600; padding: 3px 12px; border-radius: 99px; }
.good { color: var(--good); background: var(--good-soft); }
.bad { color: var(--bad); background: var(--bad-soft); }
.wait { color: var(--wait); background: var(--wait-soft); }
.figures { display: grid; grid-template-columns: repeat(4, 1fr); gap: 1px; background: var(--line);
  border: 1px solid var(--line); border-radius: 12px; overflow: hidden; margin-bottom: 32px; }
.figure { background: var(--card); padding: 18px 22px 16px; }
.figure b { display: block; font-size: 31px; line-height: 1.2; font-weight: 640; letter-spacing: -.02em;
  font-variant-numeric: tabular-nums; white-space: nowrap; }
.figure b small { font-size: .56em; font-weight: 500; letter-spacing: 0; color: var(--muted); margin-left: .18em; }
.figure span { font-size: 14px; font-weight: 600; }
.figure em { display: block; font-style: normal; font-size: 13px; color: var(--muted); line-height: 1.4; }
.pictures { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 20px; }
figure { margin: 0; background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 18px 20px 12px; }
figure.wide { grid-column: 1 / -1; }
figcaption { display: flex; flex-wrap: wrap; align-items: baseline; gap: 2px 16px; margin-bottom: 10px; }
figcaption h2 { font-size: 16px; font-weight: 640; margin: 0; }
figcaption p { flex-basis: 100%; margin: 0; font-size: 13px; color: var(--muted); }
.key { font-size: 13px; color: var(--muted); white-space: nowrap; }
.key i { display: inline-block; width: 10px; height: 10px; border-radius: 3px; margin-right: 6px; }
table { width: 100%; margin: 0 0 12px; border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: 8px 10px; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { color: var(--muted); font-size: 13px; font-weight: 500; }
th:first-child, td:first-child { text-align: left; }
.note { margin: 0 0 28px; font-size: 13px; color: var(--muted); }
svg { display: block; width: 100%; height: auto; }
svg text { font-family: system-ui, -apple-system, "Segoe UI", "Inter", "Cantarell", "DejaVu Sans", sans-serif;
  font-variant-numeric: tabular-nums; }
section { margin-top: 36px; }
section + .pictures { margin-top: 28px; }
section h2 { font-size: 18px; margin: 0 0 10px; font-weight: 640; }
pre { margin: 0; padding: 14px 18px; background: var(--card); border: 1px solid var(--line); border-radius: 10px;
  font: 14px/1.5 ui-monospace, "SF Mono", "Cascadia Mono", "DejaVu Sans Mono", monospace; white-space: pre-wrap;
  overflow-wrap: anywhere; }
ol, ul { margin: 0; padding-left: 1.6em; font-size: 14px; columns: 2; column-gap: 40px; }
ul.findings { columns: 1; color: var(--bad); }
li { break-inside: avoid; }
dl { display: grid; grid-template-columns: repeat(4, 1fr); gap: 14px 24px; margin: 0; font-size: 14px; }
dt { color: var(--muted); font-size: 13px; }
dd { margin: 0; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
footer { margin-top: 40px; color: var(--muted); font-size: 13px; }
@media (max-width: 860px) {
  .figures, dl { grid-template-columns: repeat(2, 1fr); }
  .pictures { grid-template-columns: minmax(0, 1fr); }
  ol, ul { columns: 1; }
  h1 { font-size: 30px; }
}
@media print { figure, .figures { break-inside: avoid; } }
)css";

}  // namespace

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string key(int colour, const std::string& name) {
  return "<span class=\"key\"><i style=\"background:var(--c" + std::to_string(colour) + ")\"></i>" + escaped(name) +
         "</span>";
}

std::string picture(const std::string& title, const std::string& keys, const std::string& text, const std::string& svg,
                    bool wide) {
  if (svg.empty()) return "";
  return std::string("<figure") + (wide ? " class=\"wide\"" : "") + "><figcaption><h2>" + title + "</h2>" + keys +
         "<p>" + text + "</p></figcaption>\n" + svg + "</figure>\n";
}

std::string page_of(const std::string& title, const std::string& body) {
  return "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>" +
         title + "</title>\n<style>" + kStyle + "</style>\n</head>\n<body>\n<main>\n" + body +
         "</main>\n</body>\n</html>\n";
}

}  // namespace spate::tools
