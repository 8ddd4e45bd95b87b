// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a mistake on the command line reads like: as every other message, the requirement first, then what was found.
#include "costate/runtime/Status.h"
#include "costate/tools/costate/Commands.h"

#include "absl/algorithm/container.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include <charconv>
#include <cmath>

namespace costate::tool {

namespace {

/// The whole text as a number.
template <typename T> bool parse(const std::string &text, T &value) {
  const char *end = text.data() + text.size();
  auto [rest, error] = std::from_chars(text.data(), end, value);
  return error == std::errc() && rest == end;
}

CLI::Validator requirement(std::string what, std::function<bool(const std::string &)> holds) {
  return CLI::Validator(
      [what = std::move(what), holds = std::move(holds)](const std::string &text) {
        return holds(text) ? "" : absl::StrCat("requires ", what, ", but got '", text, "'");
      },
      "");
}

} // namespace

CLI::Validator integer(int64_t least, int64_t most) {
  std::string range = least == INT64_MIN ? "" : most == INT64_MAX ? absl::StrCat(" >= ", least) : absl::StrCat(" from ", least, " to ", most);
  return requirement("an integer" + range, [=](const std::string &text) {
    int64_t value = 0;
    return parse(text, value) && value >= least && value <= most;
  });
}

CLI::Validator positiveNumber() {
  return requirement("a positive number", [](const std::string &text) {
    double value = 0;
    return parse(text, value) && value > 0 && std::isfinite(value);
  });
}

CLI::Validator share() {
  return requirement("a share between 0 and 1", [](const std::string &text) {
    double value = 0;
    return parse(text, value) && value > 0 && value < 1;
  });
}

CLI::Validator oneOf(std::vector<std::string> values) {
  return requirement(absl::StrJoin(values, " or "), [=](const std::string &text) { return absl::c_linear_search(values, text); });
}

CLI::Validator fileNamed(std::string extension) {
  return requirement("a file named " + extension, [=](const std::string &text) { return absl::EndsWith(text, extension); });
}

std::string usageMessage(const CLI::App &app, const CLI::ParseError &error) {
  std::vector<CLI::App *> chosen = app.get_subcommands();
  if (chosen.empty()) {
    std::vector<std::string> names, rest = app.remaining();
    for (const CLI::App *command : app.get_subcommands([](const CLI::App *command) { return !command->get_group().empty(); }))
      names.push_back(command->get_name());
    return absl::StrCat("'costate' requires a command among ", absl::StrJoin(names, ", "),
                        rest.empty() ? "" : absl::StrCat(", but got '", rest.front(), "'", runtime::suggest(rest.front(), names)));
  }
  const CLI::App &command = *chosen.front();
  std::string name = absl::StrCat("'costate ", command.get_name(), "'"), message = error.what();
  if (dynamic_cast<const CLI::ExtrasError *>(&error)) {
    std::vector<std::string> flags, rest = app.remaining(/*recurse=*/true);
    for (const CLI::Option *option : command.get_options())
      for (const std::string &flag : option->get_lnames())
        flags.push_back("--" + flag);
    for (const std::string &word : rest)
      if (word.size() > 1 && word[0] == '-') {
        std::string flag = word.substr(0, word.find('=')), known = runtime::suggest(flag, flags);
        return absl::StrCat(name, " has no flag '", flag, "'", known.empty() ? absl::StrCat("; 'costate ", command.get_name(), " --help' lists them") : known);
      }
    return absl::StrCat(name, " requires one model file, but got '", rest.front(), "' too");
  }
  if (dynamic_cast<const CLI::RequiredError *>(&error))
    return absl::StrCat(name, " requires a model file");
  std::string flag = message.substr(0, message.find(':'));
  if (dynamic_cast<const CLI::ArgumentMismatch *>(&error))
    return absl::StrCat(flag, absl::StrContains(message, "missing") ? " requires a value" : " requires one value, but got several");
  if (dynamic_cast<const CLI::ValidationError *>(&error))
    return absl::StrCat(flag, message.substr(std::min(message.size(), flag.size() + 1)));
  return message;
}

} // namespace costate::tool
