// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Names of arrays in files of other programs, and orders of axes. Messages: tests/errors/data.test.
#include "costate/runtime/data/Renaming.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <numeric>

using namespace costate::runtime;
using testing::ElementsAre;

namespace {

/// Where the rules say that `name` is, as they would spell it; or the message.
std::string placeOf(const char *rules, const char *name) {
  Result<Renaming> renaming = Renaming::parse(rules);
  if (!renaming.ok())
    return renaming.status().message();
  Result<FilePlace> place = renaming->find(name);
  return place.ok() ? place->spelled() : place.status().message();
}

TEST(RenamingTest, StarsStandForTheSameTextInTheSameOrder) {
  EXPECT_EQ(placeOf("f.layers.*.w = net.*.weight.T", "f.layers.12.w"), "net.12.weight.T");
  EXPECT_EQ(placeOf("*.layers.*.b = m.*/*", "f.layers.0.b"), "m.f/0");
  EXPECT_EQ(placeOf("* = *", "f.w"), "f.w");
  EXPECT_EQ(placeOf("* = model.*", ""), "model.");
  EXPECT_EQ(placeOf("f.* = g.*", "f.a.b.c"), "g.a.b.c");
}

TEST(RenamingTest, WhatNoRuleMatchesKeepsItsName) {
  EXPECT_EQ(placeOf("f.w = g.w", "f.w2"), "f.w2");
  EXPECT_EQ(placeOf("", "f.w"), "f.w");
  EXPECT_EQ(placeOf("f.*.w = g.*.w", "f..wx"), "f..wx");
}

TEST(RenamingTest, RulesStandOnLinesOrBehindSemicolons) {
  const char *rules = "# comment; a = no\n\n a = b ;; c = d # = e\r\n\t e=f.transpose( 1,0 ) \n";
  EXPECT_EQ(placeOf(rules, "a"), "b");
  EXPECT_EQ(placeOf(rules, "c"), "d");
  EXPECT_EQ(placeOf(rules, "e"), "f.transpose( 1,0 )");
}

TEST(RenamingTest, RefusesTwoWaysToMatch) {
  EXPECT_EQ(placeOf("*.w = a.*; f.* = b.*", "f.w"), "requires one rule for 'f.w', but both '*.w = a.*' and 'f.* = b.*' match it");
  EXPECT_EQ(placeOf("*.*.w = *.*", "a.b.c.w"), "rule '*.*.w = *.*' requires one way to match 'a.b.c.w', but has several; write out one of its '*'");
  EXPECT_EQ(placeOf("*.*.w = *.*", "a.b.w"), "a.b");
}

TEST(RenamingTest, StarsCostNoPowerOfTheLengthOfAName) {
  std::string name, pattern, many(100000, '*');
  for (int i = 0; i < 20; ++i) {
    name += "aaaaa";
    pattern += "*a";
  }
  EXPECT_EQ(placeOf((pattern + "b = " + pattern + "c").c_str(), (name + "c").c_str()), name + "c");
  EXPECT_THAT(placeOf((pattern + " = " + pattern).c_str(), name.c_str()), testing::HasSubstr("requires one way to match"));
  EXPECT_EQ(placeOf(("f" + many + " = g" + many).c_str(), "f"), "g");
}

TEST(RenamingTest, RefusesAViewOfNothing) {
  EXPECT_EQ(placeOf("f = .T", "f"), "rule 'f = .T' requires the name of an array before '.T'");
  EXPECT_EQ(placeOf("f = .transpose(0)", "f"), "rule 'f = .transpose(0)' requires the name of an array before '.transpose(0)'");
}

TEST(RenamingTest, AxesAreArrangedAsNumPyDoes) {
  Array array{COSTATE_I32, {2, 3, 4}, Buffer(24 * 4)};
  auto *elements = reinterpret_cast<int32_t *>(array.data.data());
  std::iota(elements, elements + 24, 0);
  Array moved = permuteAxes(array, std::vector<int64_t>{2, 0, 1});
  EXPECT_THAT(moved.shape, ElementsAre(4, 2, 3));
  auto at = [&](int i, int j, int k) { return reinterpret_cast<const int32_t *>(moved.data.data())[(i * 2 + j) * 3 + k]; };
  for (int i = 0; i < 4; ++i)
    for (int j = 0; j < 2; ++j)
      for (int k = 0; k < 3; ++k)
        EXPECT_EQ(at(i, j, k), (j * 3 + k) * 4 + i);
  EXPECT_THAT(permuteAxes(Array{COSTATE_F32, {0, 3}, Buffer(0)}, std::vector<int64_t>{1, 0}).shape, ElementsAre(3, 0));

  Result<Renaming> renaming = Renaming::parse("w = v.T; s = s.T");
  ASSERT_TRUE(renaming.ok());
  Result<Array> reversed = renaming->find("w")->arrange(std::move(array), "w");
  ASSERT_TRUE(reversed.ok());
  EXPECT_THAT(reversed->shape, ElementsAre(4, 3, 2));
  EXPECT_EQ(reinterpret_cast<const int32_t *>(reversed->data.data())[1], 12);
  EXPECT_TRUE(renaming->find("s")->arrange(Array{COSTATE_F32, {}, Buffer(4)}, "s")->shape.empty());
}

} // namespace
