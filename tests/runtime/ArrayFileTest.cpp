// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Readers and writers of array files: against files that NumPy wrote, against each other, and against damage of every kind.
#include "costate/runtime/data/ArrayFile.h"
#include "costate/runtime/data/Npy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

using namespace costate::runtime;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

namespace {

// Written by NumPy 2 (hexadecimal): savez_compressed(x=f8[3, 4] = 0..11, y=i2[3] = 3, 1, 2); savez(b=[True, False], s=f4 scalar 2.5); save of
// a big-endian i4[2, 3] = 0..5 in Fortran order; an archive of z=u4[3] = 0, 1, 2 with zip64 records.
constexpr std::string_view kCompressed =
    "504b03042d0000000800000021005415a966ffffffffffffffff05001400782e6e707901001000e00000000000000066000000000000009bec17ea1b10c9c850c650ad9e"
    "925a9c5ca46ea5a06e9366a1aea3a09e965f54529498179f5f94920a12774bcc294e058a17672416a402f91ac63a0a269a3a0ab50a64032e0614f0c11eca7080501c505a"
    "004a8b406909282d03a515a0b412945681d26a0e00504b03042d000000080000002100c4bd66d7ffffffffffffffff05001400792e6e7079010010008600000000000000"
    "4a000000000000009bec17ea1b10c9c850c650ad9e925a9c5ca46ea5a06e9369a4aea3a09e965f54529498179f5f94920a12774bcc294e058a17672416a402f91ac63a9a"
    "3a0ab50a14002e66064606260600504b01022d032d0000000800000021005415a96666000000e0000000050000000000000000000000800100000000782e6e7079504b01"
    "022d032d000000080000002100c4bd66d74a0000008600000005000000000000000000000080019d000000792e6e7079504b05060000000002000200660000001e010000"
    "0000";
constexpr std::string_view kStored =
    "504b03042d000000000000002100ee19bb5dffffffffffffffff05001400622e6e70790100100082000000000000008200000000000000934e554d5059010076007b2764"
    "65736372273a20277c6231272c2027666f727472616e5f6f72646572273a2046616c73652c20277368617065273a2028322c292c207d2020202020202020202020202020"
    "202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020200a0100504b03042d000000000000002100648c22c3ff"
    "ffffffffffffff05001400732e6e70790100100084000000000000008400000000000000934e554d5059010076007b276465736372273a20273c6634272c2027666f7274"
    "72616e5f6f72646572273a2046616c73652c20277368617065273a2028292c207d2020202020202020202020202020202020202020202020202020202020202020202020"
    "2020202020202020202020202020202020202020202020202020200a00002040504b01022d032d000000000000002100ee19bb5d82000000820000000500000000000000"
    "00000000800100000000622e6e7079504b01022d032d000000000000002100648c22c384000000840000000500000000000000000000008001b9000000732e6e7079504b"
    "0506000000000200020066000000740100000000";
constexpr std::string_view kFortran =
    "934e554d5059010076007b276465736372273a20273e6934272c2027666f727472616e5f6f72646572273a20547275652c20277368617065273a2028322c2033292c207d"
    "20202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020200a0000000000000003"
    "00000001000000040000000200000005";
constexpr std::string_view kZip64 =
    "504b03042d0000000000000021001d372ab9ffffffffffffffff050014007a2e6e7079010010008c000000000000008c00000000000000934e554d5059010076007b2764"
    "65736372273a20273c7534272c2027666f727472616e5f6f72646572273a2046616c73652c20277368617065273a2028332c292c207d2020202020202020202020202020"
    "202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020200a000000000100000002000000504b01022d032d0000"
    "000000000021001d372ab9ffffffffffffffff0500140000000000000000008001000000007a2e6e7079010010008c000000000000008c00000000000000504b06062c00"
    "0000000000002d002d000000000000000000010000000000000001000000000000004700000000000000c300000000000000504b0607000000000a010000000000000100"
    "0000504b0506000000000100010047000000c30000000000";

std::string unhex(std::string_view digits) {
  std::string out;
  for (size_t i = 0; i < digits.size(); i += 2)
    out += char(std::stoi(std::string(digits.substr(i, 2)), nullptr, 16));
  return out;
}

template <typename T>
std::vector<T> values(const Array &array) {
  const T *data = reinterpret_cast<const T *>(array.data.data());
  return {data, data + array.size()};
}

class ArrayFileTest : public testing::Test {
protected:
  std::string write(const std::string &name, const std::string &bytes) {
    std::string path = folder + '/' + name;
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }
  std::string slurp(const std::string &path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  /// Message of parsing a file, or of reading all its arrays; "" if both succeed. The name is cut off.
  std::string complaint(const std::string &path, const std::string &bytes) {
    std::span<const std::byte> content = std::as_bytes(std::span(bytes));
    Result<ArrayFile> file = ArrayFile::parse(std::make_shared<FileBytes>(FileBytes{path, {content.begin(), content.end()}}));
    std::string message = file.status().message();
    if (file.ok())
      for (const std::string &array : file->names())
        if (Result<Array> read = file->read(array); !read.ok()) {
          EXPECT_NE(read.status().code(), COSTATE_OK);
          message = read.status().message();
          break;
        }
    if (!message.empty())
      EXPECT_TRUE(message.starts_with("'" + path + "'")) << message;
    return message.empty() ? message : message.substr(path.size() + 2);
  }
  std::string folder = [] {
    std::string name = testing::TempDir() + "/costate-XXXXXX";
    return std::string(::mkdtemp(name.data()));
  }();
};

// ==== Opening =======================================================================================================================

TEST_F(ArrayFileTest, SaysWhatIsWrongWithThePath) {
  EXPECT_EQ(ArrayFile::open(folder + "/no.npz").status().message(), "'" + folder + "/no.npz': cannot open the file: No such file or directory");
  EXPECT_EQ(ArrayFile::open(folder + "/no.npz").status().code(), COSTATE_NOT_FOUND);
  EXPECT_EQ(ArrayFile::open("a.b/data.txt").status().message(),
            "'a.b/data.txt': requires a file named .npz, .npy, .csv or .safetensors, but got '.txt'");
  EXPECT_EQ(ArrayFile::open("a.npz/data").status().message(), "'a.npz/data': requires a file named .npz, .npy, .csv or .safetensors, but got ''");
  ASSERT_EQ(::mkdir((folder + "/d.npz").c_str(), 0777), 0);
  EXPECT_EQ(ArrayFile::open(folder + "/d.npz").status().code(), COSTATE_IO);
}

TEST_F(ArrayFileTest, SuggestsNames) {
  Result<ArrayFile> file = ArrayFile::open(write("a.npz", unhex(kCompressed)));
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(file->read("X").status().message(), "'" + folder + "/a.npz': requires array 'X', but the file has 'x' and 'y'; did you mean 'x'?");
  EXPECT_EQ(file->read("labels").status().message(), "'" + folder + "/a.npz': requires array 'labels', but the file has 'x' and 'y'");
}

// ==== Files of NumPy ================================================================================================================

TEST_F(ArrayFileTest, ReadsDeflatedNpz) {
  Result<ArrayFile> file = ArrayFile::open(write("a.npz", unhex(kCompressed)));
  ASSERT_TRUE(file.ok()) << file.status().message();
  EXPECT_THAT(file->names(), ElementsAre("x", "y"));
  Result<Array> x = file->read("x"), y = file->read("y");
  ASSERT_TRUE(x.ok()) << x.status().message();
  EXPECT_EQ(x->type, COSTATE_F64);
  EXPECT_THAT(x->shape, ElementsAre(3, 4));
  EXPECT_THAT(values<double>(*x), ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11));
  ASSERT_TRUE(y.ok());
  EXPECT_EQ(y->type, COSTATE_I32); // i16 is widened
  EXPECT_THAT(values<int32_t>(*y), ElementsAre(3, 1, 2));
}

TEST_F(ArrayFileTest, ReadsStoredNpzWithBoolsAndScalars) {
  Result<ArrayFile> file = ArrayFile::open(write("a.npz", unhex(kStored)));
  ASSERT_TRUE(file.ok()) << file.status().message();
  Result<Array> b = file->read("b"), s = file->read("s");
  ASSERT_TRUE(b.ok() && s.ok());
  EXPECT_EQ(b->type, COSTATE_I1);
  EXPECT_THAT(values<uint8_t>(*b), ElementsAre(1, 0));
  EXPECT_TRUE(s->shape.empty());
  EXPECT_THAT(values<float>(*s), ElementsAre(2.5f));
}

TEST_F(ArrayFileTest, ReadsZip64) {
  Result<ArrayFile> file = ArrayFile::open(write("a.npz", unhex(kZip64)));
  ASSERT_TRUE(file.ok()) << file.status().message();
  Result<Array> z = file->read("z");
  ASSERT_TRUE(z.ok()) << z.status().message();
  EXPECT_EQ(z->type, COSTATE_I64); // u32 is widened
  EXPECT_THAT(values<int64_t>(*z), ElementsAre(0, 1, 2));
}

TEST_F(ArrayFileTest, ReadsNpyInFortranOrderAndBigEndian) {
  Result<ArrayFile> file = ArrayFile::open(write("name.npy", unhex(kFortran)));
  ASSERT_TRUE(file.ok());
  EXPECT_THAT(file->names(), ElementsAre("name"));
  Result<Array> array = file->read("name");
  ASSERT_TRUE(array.ok()) << array.status().message();
  EXPECT_THAT(array->shape, ElementsAre(2, 3));
  EXPECT_THAT(values<int32_t>(*array), ElementsAre(0, 1, 2, 3, 4, 5));
}

// ==== Round trips ===================================================================================================================

const double kMatrix[] = {1, -2.5, 3e300, 0, 5, 6};
const int32_t kVector[] = {7, -8};
const uint16_t kBfloat[] = {0x3f80, 0xc000};
const uint8_t kBytes[] = {1, 0, 1};
std::vector<NamedView> someViews(bool bfloat) {
  std::vector<NamedView> views{{"m", COSTATE_F64, {3, 2}, kMatrix}, {"quote\"d/name", COSTATE_I32, {2}, kVector}, {"empty", COSTATE_F32, {0, 4}, nullptr},
                               {"scalar", COSTATE_F64, {}, kMatrix + 1}, {"flags", COSTATE_I1, {3}, kBytes}};
  if (bfloat)
    views.push_back({"b", COSTATE_BF16, {2}, kBfloat});
  return views;
}

TEST_F(ArrayFileTest, WritersAndReadersAgree) {
  for (bool zip : {true, false}) {
    std::string path = folder + (zip ? "/a.npz" : "/a.safetensors");
    std::vector<NamedView> views = someViews(!zip);
    ASSERT_TRUE((zip ? writeNpz(path, views) : writeSafetensors(path, views, {{"note", "a \\ b\n"}})).ok());
    Result<ArrayFile> file = ArrayFile::open(path);
    ASSERT_TRUE(file.ok()) << file.status().message();
    EXPECT_EQ(file->names().size(), views.size());
    for (const NamedView &view : views) {
      Result<Array> array = file->read(view.name);
      ASSERT_TRUE(array.ok()) << array.status().message();
      EXPECT_EQ(array->type, view.type);
      EXPECT_EQ(array->shape, view.shape);
      std::span<const std::byte> bytes = viewBytes(view);
      ASSERT_EQ(array->data.size(), static_cast<int64_t>(bytes.size()));
      if (!bytes.empty())
        EXPECT_EQ(std::memcmp(array->data.data(), bytes.data(), bytes.size()), 0);
    }
    if (!zip) {
      Result<Metadata> metadata = readSafetensorsMetadata(**readFile(path));
      ASSERT_TRUE(metadata.ok());
      EXPECT_THAT(*metadata, ElementsAre(std::pair<const std::string, std::string>("note", "a \\ b\n")));
    }
  }
  std::string npy = folder + "/v.npy";
  ASSERT_TRUE(writeNpy(npy, someViews(false)[1]).ok());
  EXPECT_EQ(slurp(npy).size() % 64, 8u); // the data is aligned
  EXPECT_THAT(values<int32_t>(*ArrayFile::open(npy)->read("v")), ElementsAre(7, -8));
  EXPECT_EQ(writeNpy(npy, someViews(true).back()).message(),
            "'" + npy + "': NumPy's formats have no element type bf16; write .safetensors instead");
}

/// A process that the system kills while it writes leaves its temporary file; the next writer removes it, but not that of one that lives.
TEST_F(ArrayFileTest, WritersRemoveWhatKilledOnesLeft) {
  auto temporaries = [&] {
    std::vector<std::string> names;
    for (const auto &entry : std::filesystem::directory_iterator(folder))
      if (entry.path().extension() == ".tmp")
        names.push_back(entry.path().filename());
    return names;
  };
  std::string path = folder + "/a.npy";
  std::vector<float> large(1 << 16);
  pid_t child = fork();
  if (child == 0) {
    rlimit none{0, 0}, little{4096, 4096};
    setrlimit(RLIMIT_CORE, &none);
    setrlimit(RLIMIT_FSIZE, &little); // SIGXFSZ in the middle of the file
    (void)writeNpy(path, {"a", COSTATE_F32, {1 << 16}, large.data()});
    _exit(0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status)) << status;
  ASSERT_THAT(temporaries(), ElementsAre("a.npy." + std::to_string(child) + ".0.tmp"));

  std::string living = folder + "/a.npy.1.0.tmp", other = folder + "/a.npy.old.tmp";
  int file = open(living.c_str(), O_WRONLY | O_CREAT, 0666);
  ASSERT_EQ(flock(file, LOCK_EX), 0);
  std::ofstream(other) << "of the user";
  ASSERT_TRUE(writeNpy(path, {"a", COSTATE_F32, {1 << 16}, large.data()}).ok());
  EXPECT_THAT(temporaries(), testing::UnorderedElementsAre("a.npy.1.0.tmp", "a.npy.old.tmp"));
  close(file);
  ASSERT_TRUE(writeNpy(path, {"a", COSTATE_F32, {1 << 16}, large.data()}).ok());
  EXPECT_THAT(temporaries(), ElementsAre("a.npy.old.tmp"));
  EXPECT_EQ(ArrayFile::open(path)->read("a")->size(), 1 << 16);
}

TEST_F(ArrayFileTest, SafetensorsAlignsData) {
  std::string path = folder + "/a.safetensors";
  ASSERT_TRUE(writeSafetensors(path, someViews(true)).ok());
  std::string bytes = slurp(path);
  EXPECT_EQ(bytes[0] % 8, 0);
  EXPECT_LT(bytes.find("\"m\""), bytes.find("\"b\"")); // wide elements first
  EXPECT_LT(bytes.find("\"b\""), bytes.find("\"flags\""));
}

// ==== Damage ========================================================================================================================

// Every truncation, and every byte replaced: an answer or a message, never a crash; what sanitizers see is a failure as well.
TEST_F(ArrayFileTest, SurvivesEveryTruncation) {
  ASSERT_TRUE(writeSafetensors(folder + "/whole.safetensors", someViews(true), {{"k", "v"}}).ok());
  const std::pair<std::string, std::string> files[] = {{"c.npz", unhex(kCompressed)}, {"s.npz", unhex(kStored)}, {"z.npz", unhex(kZip64)},
                                                       {"f.npy", unhex(kFortran)}, {"t.safetensors", slurp(folder + "/whole.safetensors")}};
  for (const auto &[name, bytes] : files) {
    EXPECT_EQ(complaint(name, bytes), "");
    for (size_t size = 0; size < bytes.size(); ++size)
      EXPECT_NE(complaint(name, bytes.substr(0, size)), "") << name << " cut to " << size;
  }
}

TEST_F(ArrayFileTest, SurvivesEveryChangedByte) {
  ASSERT_TRUE(writeSafetensors(folder + "/whole.safetensors", someViews(true), {{"k", "v"}}).ok());
  const std::pair<std::string, std::string> files[] = {{"c.npz", unhex(kCompressed)}, {"s.npz", unhex(kStored)}, {"z.npz", unhex(kZip64)},
                                                       {"f.npy", unhex(kFortran)}, {"t.safetensors", slurp(folder + "/whole.safetensors")}};
  for (const auto &[name, bytes] : files)
    for (size_t at = 0; at < bytes.size(); ++at)
      for (int change : {0x01, 0x80, 0xff}) {
        std::string damaged = bytes;
        damaged[at] = char(damaged[at] ^ change);
        complaint(name, damaged);
      }
}

TEST_F(ArrayFileTest, NpyMessages) {
  auto npy = [](std::string header, std::string data = "", char version = 1) {
    std::string length{char(header.size() & 255), char(header.size() >> 8)};
    if (version > 1)
      length += std::string(2, '\0');
    return std::string("\x93NUMPY") + version + '\0' + length + header + data;
  };
  const std::string good = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }";
  EXPECT_EQ(complaint("a.npy", npy(good, std::string(8, 'x'))), "");
  EXPECT_EQ(complaint("a.npy", npy(good, std::string(8, 'x'), 2)), "");
  EXPECT_EQ(complaint("a.npy", "hello"), ": requires the first bytes of a .npy array, but got only 5 bytes");
  EXPECT_EQ(complaint("a.npy", "hello, world"), ": requires the first bytes of a .npy array, but got others");
  EXPECT_EQ(complaint("a.npy", npy(good, "", 4)), ": requires .npy version 1, 2 or 3, but got 4");
  EXPECT_EQ(complaint("a.npy", npy(good).substr(0, 20)), ": requires a header of 57 bytes, but 10 are left");
  EXPECT_EQ(complaint("a.npy", npy(good, "1234567")), ": requires data of shape (2) and type f32, but 7 bytes are there; the file may be cut short");
  EXPECT_EQ(complaint("a.npy", npy("{'descr': '<f4', 'shape': (2,)}")),
            ": header, byte 31: requires the keys 'descr', 'fortran_order' and 'shape', but got its end");
  EXPECT_EQ(complaint("a.npy", npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,)}")),
            ": header, byte 10: requires a plain numeric type as 'descr', but got '[('a', '<f4''");
  EXPECT_EQ(complaint("a.npy", npy("{'descr': '<c8', 'fortran_order': False, 'shape': (2,)}")),
            ": requires elements that are floats of 2, 4 or 8 bytes, integers or bools, but got '<c8'");
  EXPECT_EQ(complaint("a.npy", npy("{'descr': '|O', 'fortran_order': False, 'shape': (2,)}")),
            ": requires elements that are floats of 2, 4 or 8 bytes, integers or bools, but got '|O'");
  EXPECT_THAT(complaint("a.npy", npy("{'descr': '<f4', 'fortran_order': False, 'shape': (-2,)}")), HasSubstr("requires an extent >= 0, but got '-2,)}'"));
  EXPECT_THAT(complaint("a.npy", npy("{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296)}")),
              HasSubstr("requires data of shape (4294967296, 4294967296)"));
  EXPECT_THAT(complaint("a.npy", npy("{'descr': '<f4', 'fortran_order': False, 'shape': (0, 99999999999999999999)}")), HasSubstr("an extent >= 0"));
  EXPECT_THAT(complaint("a.npy", npy("{'descr': '<f4', 'fortran_order': Maybe")), HasSubstr("requires True or False, but got 'Maybe'"));
  EXPECT_EQ(complaint("a.npy", npy("{'descr': '<u8', 'fortran_order': False, 'shape': (1,)}", std::string(8, '\xff'))),
            " requires integers below 2^63, but element 0 is 18446744073709551615");
}

TEST_F(ArrayFileTest, NpzMessages) {
  EXPECT_EQ(complaint("a.npz", ""), ": requires a zip archive, but it has no end record; the file may be cut short");
  std::string bytes = unhex(kCompressed);
  size_t directory = bytes.find("PK\x01\x02");
  auto changed = [&](size_t at, char value) {
    std::string out = bytes;
    out[at] = value;
    return out;
  };
  EXPECT_EQ(complaint("a.npz", changed(directory + 10, 12)), ": array 'x' is packed by method 12; only stored and deflated arrays are supported");
  EXPECT_EQ(complaint("a.npz", changed(directory + 8, 1)), ": array 'x' is encrypted, which is not supported");
  EXPECT_THAT(complaint("a.npz", changed(directory + 16, 0)), HasSubstr(": array 'x' requires checksum "));
  EXPECT_EQ(complaint("a.npz", changed(directory + 27, 127)), ": array 'x' requires 2130706656 bytes, but 102 deflated bytes cannot hold them")
      << "an announced size of 2 GB takes no memory";
}

TEST_F(ArrayFileTest, SafetensorsMessages) {
  auto file = [](std::string header, std::string data) {
    std::string length(8, '\0');
    length[0] = char(header.size() & 255);
    length[1] = char(header.size() >> 8);
    return length + header + data;
  };
  auto tensor = [&](std::string fields, std::string data = "12345678") { return complaint("a.safetensors", file("{\"w\":{" + fields + "}}", data)); };
  EXPECT_EQ(tensor(R"("dtype":"F32","shape":[2],"data_offsets":[0,8])"), "");
  EXPECT_EQ(complaint("a.safetensors", "1234567"), ": requires a .safetensors file of at least 8 bytes, but got 7");
  EXPECT_EQ(complaint("a.safetensors", std::string(8, '\xff')),
            ": requires a header of 18446744073709551615 bytes, but 0 are left; the file may be cut short");
  EXPECT_EQ(complaint("a.safetensors", file("[]", "")), ": requires a header that is a JSON object");
  EXPECT_EQ(complaint("a.safetensors", file("{\"w\":", "")), ": header, byte 5: requires a value, but the text ends");
  EXPECT_EQ(tensor(R"("dtype":"F32","shape":[2])"), ": array 'w' requires 'dtype', 'shape' and 'data_offsets' (two numbers)");
  EXPECT_EQ(tensor(R"("dtype":"F8_E4M3","shape":[8],"data_offsets":[0,8])"), ": array 'w' has element type 'F8_E4M3', which is not supported");
  EXPECT_EQ(tensor(R"("dtype":"F32","shape":[3],"data_offsets":[0,8])"), ": array 'w' requires data of shape [3] and type F32, but got 8 bytes");
  EXPECT_EQ(tensor(R"("dtype":"F32","shape":[-2],"data_offsets":[0,8])"), ": array 'w' requires extents that are integers >= 0, but got -2");
  EXPECT_EQ(tensor(R"("dtype":"F32","shape":[3],"data_offsets":[0,12])"),
            ": array 'w' requires 'data_offsets' within the 8 bytes of data, but got [0,12]; the file may be cut short");
  EXPECT_EQ(tensor(R"("dtype":"F32","shape":[1],"data_offsets":[8,4])"),
            ": array 'w' requires 'data_offsets' within the 8 bytes of data, but got [8,4]; the file may be cut short");
  EXPECT_EQ(tensor(R"("dtype":"F32","shape":[1],"data_offsets":[4,8])"),
            ": array 'w' requires data from byte 0, where the one before ends, but got 4");
  EXPECT_EQ(tensor(R"("dtype":"F32","shape":[1],"data_offsets":[0,4])"), ": requires 4 bytes of data, but got 8");
  EXPECT_EQ(tensor(R"("dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8])"),
            ": array 'w' requires data of shape [4611686018427387904,4] and type F32, but got 8 bytes");
  EXPECT_THAT(complaint("a.safetensors", file(std::string(300, '['), "")), HasSubstr("requires at most 64 nested values"));
}

// ==== CSV ===========================================================================================================================

TEST_F(ArrayFileTest, CsvColumnsBecomeArrays) {
  Result<ArrayFile> file = ArrayFile::open(write("a.csv", "\xEF\xBB\xBFx.1, \"y\" ,x.0\r\n1,2,3\r\n\r\n-4e1,nan,+6"));
  ASSERT_TRUE(file.ok()) << file.status().message();
  EXPECT_THAT(file->names(), ElementsAre("x", "y"));
  Result<Array> x = file->read("x"), y = file->read("y");
  EXPECT_THAT(x->shape, ElementsAre(2, 2));
  EXPECT_THAT(values<double>(*x), ElementsAre(3, 1, 6, -40));
  EXPECT_THAT(y->shape, ElementsAre(2));
  EXPECT_TRUE(std::isnan(values<double>(*y)[1]));
}

TEST_F(ArrayFileTest, WordsBecomeTheirPlaces) {
  Result<ArrayFile> file = ArrayFile::open(write("a.csv", "x,kind\n1,rose\n2, \"iris\"\n3,7\n4,rose\n"));
  ASSERT_TRUE(file.ok()) << file.status().message();
  EXPECT_THAT(values<int32_t>(*file->read("kind")), ElementsAre(2, 1, 0, 2));
  EXPECT_THAT(file->labels("kind"), ElementsAre("7", "iris", "rose"));
  EXPECT_THAT(file->labels("x"), IsEmpty());
}

TEST_F(ArrayFileTest, ArraysOfColumns) {
  Result<ArrayFile> file = ArrayFile::open(write("a.csv", "a,kind,b,c.0,c.1\n1,u,2,3,4\n5,v,6,7,8\n"));
  ASSERT_TRUE(file.ok()) << file.status().message();
  ASSERT_TRUE(file->addArray("y", {"kind"}).ok());
  ASSERT_TRUE(file->addArray("x", {"b", "a"}).ok());
  EXPECT_THAT(file->labels("y"), ElementsAre("u", "v"));
  EXPECT_THAT(file->read("x")->shape, ElementsAre(2, 2));
  EXPECT_THAT(values<double>(*file->read("x")), ElementsAre(2, 1, 6, 5));
  auto messageOf = [&](const std::string &name, const std::vector<std::string> &columns) { return file->addArray(name, columns).message(); };
  EXPECT_THAT(messageOf("x", {"a"}), HasSubstr(": has an array 'x' already"));
  EXPECT_THAT(messageOf("z", {"a", "bb"}), HasSubstr(": requires column 'bb' for 'z', but the file has 'a', "));
  EXPECT_EQ(messageOf("mixed", {"a", "kind"}), "");
  EXPECT_THAT(file->read("mixed").status().message(), HasSubstr(": requires columns of one length and type, but 'a' is f64[2] and 'kind' is i32[2]"));

  file = ArrayFile::open(write("b.csv", "a,kind,b\n1,u,2\n5,v,6\n"));
  std::vector<std::string> others = {"a"};
  ASSERT_TRUE(file->addArray("x", {"*"}, others).ok());
  EXPECT_THAT(values<double>(*file->read("x")), ElementsAre(2, 6)); // neither words nor what has another name
  others = {"a", "b", "x"};
  EXPECT_THAT(file->addArray("rest", {"*"}, others).message(), HasSubstr(": requires a column of numbers for 'rest'"));
}

TEST_F(ArrayFileTest, CsvMessages) {
  EXPECT_EQ(complaint("a.csv", "x,y\n1,2\n"), "");
  EXPECT_EQ(complaint("a.csv", "x,y\n"), "");
  EXPECT_EQ(complaint("a.csv", ""), ": requires a header line, but the file is empty");
  EXPECT_EQ(complaint("a.csv", "1,2\n"), ":1: requires a header line with a name for each column, but column 1 is '1'");
  EXPECT_EQ(complaint("a.csv", "x,\n"), ":1: requires a header line with a name for each column, but column 2 is ''");
  EXPECT_EQ(complaint("a.csv", "x,y\n1,2\n1\n"), ":3: requires 2 columns, but got 1");
  EXPECT_EQ(complaint("a.csv", "x,y\n1,2,3\n"), ":2: requires 2 columns, but got 3");
  EXPECT_EQ(complaint("a.csv", "x,y\n1,2\n1,2a\n"), ":3: requires a number in column 'y', but got '2a'");
  EXPECT_EQ(complaint("a.csv", "x,y\n1,2\n1,\n"), ":3: requires a number in column 'y', but got ''");
  EXPECT_EQ(complaint("a.csv", "x,y\n1,\n"), ":2: requires a word in column 'y', but got ''");
  EXPECT_EQ(complaint("a.csv", "x,y\n1,a\n1,\n"), ":3: requires a word in column 'y', but got ''");
  EXPECT_EQ(complaint("a.csv", "y.0,y.1\n1,a\n"), ": requires numbers in columns 'y.0' to 'y.1'");
  EXPECT_EQ(complaint("a.csv", "x,x\n"), ": requires different names, but column 2 is 'x' again");
  EXPECT_EQ(complaint("a.csv", "x,x.0\n"), ": requires different names, but column 2 is 'x.0' again");
  EXPECT_EQ(complaint("a.csv", "x.0,x.2\n"), ": requires columns 'x.0' to 'x.2', but 'x.1' is missing");
  std::string wide; // no group of columns is as long as the header
  for (int i = 0; i < 50000; ++i)
    wide += "c" + std::to_string(i) + ".50000,";
  EXPECT_EQ(complaint("a.csv", wide + "x\n"), ": requires columns 'c0.0' to 'c0.50000', but 'c0.0' is missing");
  EXPECT_EQ(complaint("a.csv", "x.0,x.9999999\n"), ": requires columns 'x.0' to 'x.(k-1)', but got 'x.9999999'");
}

// ==== Deflate, against zlib =========================================================================================================

std::string zlibDeflate(const std::string &data, int level, int strategy) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, level, Z_DEFLATED, -15, 8, strategy), Z_OK);
  std::string out(deflateBound(&stream, data.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef *>(const_cast<char *>(data.data()));
  stream.avail_in = static_cast<uInt>(data.size());
  stream.next_out = reinterpret_cast<Bytef *>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

const char *inflateText(const std::string &packed, std::string &out) {
  return inflate(std::as_bytes(std::span(packed)), std::as_writable_bytes(std::span(out)));
}

TEST(InflateTest, UndoesZlib) {
  std::mt19937 generator(3);
  for (size_t size : {0, 1, 100, 70000, 300000})
    for (int alphabet : {1, 3, 40, 256}) {
      std::string data(size, '\0');
      for (char &c : data) // skewed, so that some codes are longer than the table
        c = char(std::min<int>(alphabet - 1, int(std::exponential_distribution<>(4.0 / alphabet)(generator))));
      for (int level : {0, 1, 6, 9})
        for (int strategy : {Z_DEFAULT_STRATEGY, Z_HUFFMAN_ONLY, Z_FIXED}) {
          std::string packed = zlibDeflate(data, level, strategy), out(size, '?');
          const char *error = inflateText(packed, out);
          ASSERT_EQ(error, nullptr) << error << " at size " << size << ", alphabet " << alphabet << ", level " << level;
          ASSERT_EQ(out, data);
        }
    }
}

TEST(InflateTest, ChecksTheAnnouncedSize) {
  std::string packed = zlibDeflate("hello hello hello", 6, Z_DEFAULT_STRATEGY), small(16, 0), large(18, 0);
  EXPECT_STREQ(inflateText(packed, small), "more bytes than announced");
  EXPECT_STREQ(inflateText(packed, large), "fewer bytes than announced");
}

TEST(InflateTest, SurvivesDamage) {
  std::mt19937 generator(4);
  std::string data(3000, '\0');
  for (char &c : data)
    c = char(generator() % 7);
  for (int strategy : {Z_DEFAULT_STRATEGY, Z_FIXED}) {
    std::string packed = zlibDeflate(data, 9, strategy), out(data.size(), 0);
    for (size_t size = 0; size < packed.size(); ++size)
      EXPECT_NE(inflateText(packed.substr(0, size), out), nullptr);
    for (int i = 0; i < 20000; ++i) {
      std::string damaged = packed;
      damaged[generator() % damaged.size()] ^= char(1 << generator() % 8);
      inflateText(damaged, out);
    }
  }
  const std::pair<std::string, const char *> invalid[] = {{"\x07", "unknown kind of block"},
                                                          {std::string("\x01\x05\x00\x00\x00", 5), "length of a stored block does not match its complement"},
                                                          {"\xfd\x1f", "too many codes"},
                                                          {std::string("\x03\x02\x00\x00", 4), "a distance beyond the start"}};
  for (const auto &[bytes, message] : invalid) {
    std::string out(10, 0);
    EXPECT_STREQ(inflateText(bytes, out), message);
  }
}

// ==== Conversion ====================================================================================================================

template <typename T>
Array makeArray(int32_t type, std::vector<T> elements) {
  Array array;
  array.type = type;
  array.shape = {static_cast<int64_t>(elements.size())};
  array.data = Buffer(elements.size() * sizeof(T));
  std::memcpy(array.data.data(), elements.data(), elements.size() * sizeof(T));
  return array;
}

TEST(ConvertTest, FloatsRound) {
  Result<Array> narrow = convertArray(makeArray<double>(COSTATE_F64, {0.1, 1e300, -2, NAN}), COSTATE_F32, "x");
  ASSERT_TRUE(narrow.ok());
  EXPECT_EQ(values<float>(*narrow)[0], 0.1f);
  EXPECT_TRUE(std::isinf(values<float>(*narrow)[1]));
  EXPECT_TRUE(std::isnan(values<float>(*narrow)[3]));
}

TEST(ConvertTest, HalfFloatsRoundToEven) {
  // value, f16 bits, bf16 bits; ties, subnormals, overflow (IEEE 754-2019 tables)
  const std::tuple<float, int, int> cases[] = {{1.0f, 0x3c00, 0x3f80}, {-2.0f, 0xc000, 0xc000}, {65504.0f, 0x7bff, 0x4780}, {65519.0f, 0x7bff, 0x4780},
                                               {65520.0f, 0x7c00, 0x4780}, {0x1p-24f, 0x0001, 0x3380}, {0x1p-25f, 0x0000, 0x3300},
                                               {0x1.8p-24f, 0x0002, 0x33c0}, {0x1p-14f, 0x0400, 0x3880}, {0x1.ffep-15f, 0x0400, 0x3880},
                                               {1.0f + 0x1p-11f, 0x3c00, 0x3f80}, {1.0f + 0x3p-11f, 0x3c02, 0x3f80}, {1.0f + 0x1p-8f, 0x3c04, 0x3f80},
                                               {1.0f + 0x3p-8f, 0x3c0c, 0x3f82}, {INFINITY, 0x7c00, 0x7f80}};
  for (auto [value, half, bfloat] : cases) {
    Result<Array> f16 = convertArray(makeArray<float>(COSTATE_F32, {value}), COSTATE_F16, "x");
    Result<Array> bf16 = convertArray(makeArray<float>(COSTATE_F32, {value}), COSTATE_BF16, "x");
    EXPECT_EQ(values<uint16_t>(*f16)[0], half) << value;
    EXPECT_EQ(values<uint16_t>(*bf16)[0], bfloat) << value;
  }
  for (int bits = 0; bits < 0x7c00; ++bits) { // widening and narrowing each finite f16 gives it back
    Result<Array> wide = convertArray(makeArray<uint16_t>(COSTATE_F16, {uint16_t(bits)}), COSTATE_F32, "x");
    EXPECT_EQ(values<uint16_t>(*convertArray(std::move(*wide), COSTATE_F16, "x"))[0], bits);
  }
}

TEST(ConvertTest, IntegersKeepTheirValue) {
  EXPECT_THAT(values<int32_t>(*convertArray(makeArray<int64_t>(COSTATE_I64, {1, -2147483648}), COSTATE_I32, "x")), ElementsAre(1, -2147483648));
  EXPECT_THAT(values<float>(*convertArray(makeArray<uint8_t>(COSTATE_U8, {0, 255}), COSTATE_F32, "x")), ElementsAre(0, 255));
  EXPECT_THAT(values<int32_t>(*convertArray(makeArray<double>(COSTATE_F64, {3, -4}), COSTATE_I32, "x")), ElementsAre(3, -4));
  auto refused = [](Array array, int32_t type) { return convertArray(std::move(array), type, "array 'x'").status().message(); };
  EXPECT_EQ(refused(makeArray<int64_t>(COSTATE_I64, {0, 2147483648}), COSTATE_I32),
            "array 'x' requires values of type i32, but element 1 (i64) is 2147483648");
  EXPECT_EQ(refused(makeArray<double>(COSTATE_F64, {1, 0.5}), COSTATE_I32), "array 'x' requires values of type i32, but element 1 (f64) is 0.5");
  EXPECT_EQ(refused(makeArray<double>(COSTATE_F64, {NAN}), COSTATE_I64), "array 'x' requires values of type i64, but element 0 (f64) is nan");
  EXPECT_EQ(refused(makeArray<double>(COSTATE_F64, {1e19}), COSTATE_I64), "array 'x' requires values of type i64, but element 0 (f64) is 1e+19");
  EXPECT_EQ(refused(makeArray<int32_t>(COSTATE_I32, {16777217}), COSTATE_F32),
            "array 'x' requires values of type f32, but element 0 (i32) is 16777217");
  EXPECT_EQ(refused(makeArray<int64_t>(COSTATE_I64, {INT64_MAX}), COSTATE_F64),
            "array 'x' requires values of type f64, but element 0 (i64) is 9223372036854775807");
  EXPECT_EQ(refused(makeArray<int32_t>(COSTATE_I32, {2}), COSTATE_I1), "array 'x' requires values of type i1, but element 0 (i32) is 2");
  EXPECT_EQ(refused(makeArray<int32_t>(COSTATE_I32, {-1}), COSTATE_U8), "array 'x' requires values of type u8, but element 0 (i32) is -1");
}

} // namespace
