// What the pages are made of: the frame with its style sheet, and pieces of HTML.
#pragma once

#include <string>

namespace spate::tools {

// Text for HTML.
std::string escaped(const std::string& text);
// What a colour of a picture (charts.h) stands for.
std::string key(int colour, const std::string& name);
// A picture with its keys and a text; nothing if there is no picture.
std::string picture(const std::string& title, const std::string& keys, const std::string& text, const std::string& svg,
                    bool wide = false);
// A whole page. `title` and `body` are HTML.
std::string page_of(const std::string& title, const std::string& body);

}  // namespace spate::tools
