/// What one would write by hand over MPI for keyed data that fits into memory: no failures, no restart, nothing kept.
/// `mpirun -n RANKS kiln_bench_reference_shuffle WHAT`, where WHAT is one of these:
///
///     sort IN OUT        records of 100 bytes by their first 10
///     group ROWS KEYS    the sum of each group, in the order of the rows
///     join ROWS KEYS     with a table of all keys
///     words FILE         how often each word is there
///     exchange BYTES     MPI_Alltoallv of so many in all, into memory that is new, as that of a stage is
///     bare BYTES         the same into memory that was written before: the call alone
///
/// Prints: entries N sum S seconds T. The clock runs from when all ranks are there until all are done.
#include "keyed_data.hpp"
#include "record.hpp"
#include "reference_keyed.hpp"
#include "word_table.hpp"
#include "words.hpp"

#include <fcntl.h>
#include <mpi.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using kiln::bench::Digest;
using kiln::bench::Row;
using terasort::kKey;
using terasort::kRecord;

int rank = 0, ranks = 0;
double begun = 0;  // of the clock

void begin_clock() {
  MPI_Barrier(MPI_COMM_WORLD);
  begun = MPI_Wtime();
}

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  MPI_Abort(MPI_COMM_WORLD, 1);
  std::abort();
}

std::uint64_t share(std::uint64_t count, int of) {
  return count * static_cast<std::uint64_t>(of) / static_cast<std::uint64_t>(ranks);
}

/// What is for whom, and what comes.
template <class T>
class Exchange {
 public:
  explicit Exchange(std::size_t some) : counts_(static_cast<std::size_t>(ranks)) { sent_.reserve(some); }

  /// `to_of(item)`: the rank that gets it. In the order of the items.
  template <class ToOf>
  std::vector<T> run(const std::vector<T>& items, ToOf to_of) {
    for (const T& item : items) ++counts_[to_of(item)];
    std::vector<std::size_t> ends(counts_.size());
    for (std::size_t to = 1; to < ends.size(); ++to) ends[to] = ends[to - 1] + counts_[to - 1];
    sent_.resize(items.size());
    for (const T& item : items) sent_[ends[to_of(item)]++] = item;
    return swap(sent_, counts_);
  }
  /// `counts` of `items` are for each rank, in their order.
  static std::vector<T> swap(const std::vector<T>& items, const std::vector<std::size_t>& counts) {
    std::vector<T> all;
    swap_into(all, items, counts);
    return all;
  }
  static void swap_into(std::vector<T>& all, const std::vector<T>& items, const std::vector<std::size_t>& counts) {
    const auto size = static_cast<std::size_t>(ranks);
    std::vector<int> sent(size), sent_at(size), came(size), came_at(size);
    for (std::size_t to = 0; to < size; ++to) sent[to] = static_cast<int>(counts[to]);
    MPI_Alltoall(sent.data(), 1, MPI_INT, came.data(), 1, MPI_INT, MPI_COMM_WORLD);
    for (std::size_t i = 1; i < size; ++i) {
      sent_at[i] = sent_at[i - 1] + sent[i - 1];
      came_at[i] = came_at[i - 1] + came[i - 1];
    }
    MPI_Datatype type = MPI_DATATYPE_NULL;
    MPI_Type_contiguous(sizeof(T), MPI_BYTE, &type);
    MPI_Type_commit(&type);
    all.resize(static_cast<std::size_t>(came_at.back()) + static_cast<std::size_t>(came.back()));
    MPI_Alltoallv(items.data(), sent.data(), sent_at.data(), type, all.data(), came.data(), came_at.data(), type,
                  MPI_COMM_WORLD);
    MPI_Type_free(&type);
  }

 private:
  std::vector<std::size_t> counts_;
  std::vector<T> sent_;
};

// ---- Sort

using Record = terasort::Record;

/// A key of which most comparisons need one word, and its record.
struct Place {
  std::uint64_t first = 0;
  std::uint32_t rest = 0, record = 0;
  bool operator<(const Place& other) const {
    if (first != other.first) return first < other.first;
    return rest != other.rest ? rest < other.rest : record < other.record;
  }
};

Place place_of(const Record& record, std::uint32_t number) {
  std::uint64_t first = 0;
  std::memcpy(&first, record.data(), sizeof first);
  return {__builtin_bswap64(first), static_cast<std::uint32_t>(record[8] << 8 | record[9]), number};
}

std::vector<Record> read_share(const char* file) {
  const int fd = ::open(file, O_RDONLY);
  struct stat status {};
  if (fd < 0 || ::fstat(fd, &status) != 0) fail(file);
  const std::uint64_t all = static_cast<std::uint64_t>(status.st_size) / kRecord;
  const std::uint64_t begin = share(all, rank), end = share(all, rank + 1);
  std::vector<Record> records(end - begin);
  char* const to = reinterpret_cast<char*>(records.data());
  const std::size_t size = records.size() * kRecord;
  for (std::size_t at = 0; at < size;) {
    const ssize_t got =
        ::pread(fd, to + at, std::min(size - at, std::size_t{1} << 30), static_cast<off_t>(begin * kRecord + at));
    if (got <= 0) fail(file);
    at += static_cast<std::size_t>(got);
  }
  ::close(fd);
  return records;
}

std::vector<Place> splitters_of(const std::vector<Record>& records) {
  constexpr std::size_t kSample = 1000;
  std::vector<Place> mine(kSample), all(kSample * static_cast<std::size_t>(ranks));
  for (std::size_t i = 0; i < kSample && !records.empty(); ++i) {
    mine[i] = place_of(records[i * records.size() / kSample], 0);
  }
  constexpr int kBytes = static_cast<int>(kSample * sizeof(Place));
  MPI_Allgather(mine.data(), kBytes, MPI_BYTE, all.data(), kBytes, MPI_BYTE, MPI_COMM_WORLD);
  std::sort(all.begin(), all.end());
  std::vector<Place> splitters;
  for (int i = 1; i < ranks; ++i) splitters.push_back(all[static_cast<std::size_t>(i) * kSample]);
  return splitters;
}

/// By the highest bits first, so that what is compared lies in the cache.
std::vector<Place> order_of(const std::vector<Record>& records, std::uint64_t least, std::uint64_t most) {
  constexpr std::size_t kBuckets = 4096;
  const double scale = kBuckets / (static_cast<double>(most - least) + 1);
  const auto bucket = [&](const Place& place) {
    return std::min(static_cast<std::size_t>(static_cast<double>(place.first - least) * scale), kBuckets - 1);
  };
  std::vector<std::size_t> ends(kBuckets + 1);
  std::vector<Place> places(records.size()), order(records.size());
  for (std::size_t i = 0; i < records.size(); ++i) {
    places[i] = place_of(records[i], static_cast<std::uint32_t>(i));
    ++ends[bucket(places[i]) + 1];
  }
  for (std::size_t i = 1; i <= kBuckets; ++i) ends[i] += ends[i - 1];
  const auto begins = ends;
  for (const Place& place : places) order[ends[bucket(place)]++] = place;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    std::sort(order.begin() + static_cast<std::ptrdiff_t>(begins[i]),
              order.begin() + static_cast<std::ptrdiff_t>(begins[i + 1]));
  }
  return order;
}

void write_share(const char* file, const std::vector<Record>& records, const std::vector<Place>& order) {
  std::uint64_t mine = records.size(), before = 0;
  MPI_Exscan(&mine, &before, 1, MPI_UINT64_T, MPI_SUM, MPI_COMM_WORLD);
  if (rank == 0) before = 0;
  const int fd = ::open(file, O_WRONLY | O_CREAT, 0666);
  if (fd < 0) fail(file);
  constexpr std::size_t kRecords = 10'000;
  std::vector<Record> block(kRecords);
  for (std::size_t at = 0; at < order.size(); at += kRecords) {
    const std::size_t count = std::min(kRecords, order.size() - at);
    for (std::size_t i = 0; i < count; ++i) {
      if (at + i + 16 < order.size()) __builtin_prefetch(records[order[at + i + 16].record].data());
      block[i] = records[order[at + i].record];
    }
    const char* from = reinterpret_cast<const char*>(block.data());
    for (std::size_t done = 0; done < count * kRecord;) {
      const ssize_t wrote =
          ::pwrite(fd, from + done, count * kRecord - done, static_cast<off_t>((before + at) * kRecord + done));
      if (wrote <= 0) fail(file);
      done += static_cast<std::size_t>(wrote);
    }
  }
  if (::fdatasync(fd) != 0) fail(file);
  ::close(fd);
}

Digest sort(const char* in, const char* out) {
  std::vector<Record> records = read_share(in);
  const std::vector<Place> splitters = splitters_of(records);
  const auto to_of = [&](const Record& record) {
    const Place place = place_of(record, 0);
    return static_cast<std::size_t>(std::upper_bound(splitters.begin(), splitters.end(), place) - splitters.begin());
  };
  std::vector<Record> mine = Exchange<Record>(records.size()).run(records, to_of);
  records = {};
  const auto me = static_cast<std::size_t>(rank);
  const std::uint64_t least = rank == 0 ? 0 : splitters[me - 1].first;
  const std::uint64_t most = rank + 1 == ranks ? UINT64_MAX : splitters[me].first;
  write_share(out, mine, order_of(mine, least, most));
  return {mine.size(), 0};
}

// ---- Group and join

std::vector<Row> own_rows(std::uint64_t rows, std::uint64_t keys) {
  std::vector<Row> made;
  made.reserve(share(rows, rank + 1) - share(rows, rank));
  for (std::uint64_t i = share(rows, rank); i < share(rows, rank + 1); ++i) {
    made.push_back(kiln::bench::row_at(i, keys));
  }
  return made;
}

std::size_t owner(const Row& row) {
  return static_cast<std::size_t>((row.key * 0x9e3779b97f4a7c15 >> 32) * static_cast<std::uint64_t>(ranks) >> 32);
}

std::vector<Row> to_owners(const std::vector<Row>& rows) { return Exchange<Row>(rows.size()).run(rows, owner); }

Digest group(std::uint64_t rows, std::uint64_t keys) {
  return kiln::bench::reference_group(to_owners(own_rows(rows, keys)));
}

Digest join(std::uint64_t rows, std::uint64_t keys) {
  std::vector<Row> right;
  for (std::uint64_t key = share(keys, rank); key < share(keys, rank + 1); ++key) {
    right.push_back({key, static_cast<double>(key) * 0.5});
  }
  return kiln::bench::reference_join(to_owners(own_rows(rows, keys)), to_owners(right));
}

// ---- Words

/// The part of the text that is this rank's: whole words.
std::string_view own_text(const char* file) {
  const int fd = ::open(file, O_RDONLY);
  struct stat status {};
  if (fd < 0 || ::fstat(fd, &status) != 0) fail(file);
  const auto size = static_cast<std::size_t>(status.st_size);
  const char* const text = static_cast<const char*>(::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0));
  if (text == MAP_FAILED) fail(file);
  const auto border = [&](int of) {
    std::size_t at = share(size, of);
    while (at != 0 && at < size && !wordcount::is_space(text[at - 1])) ++at;
    return at;
  };
  const std::size_t begin = border(rank);
  return {text + begin, border(rank + 1) - begin};
}

Digest words(const char* file) {
  kiln::bench::WordTable mine;
  wordcount::for_each_word(own_text(file), [&](const char* word, std::size_t size) { mine.add(word, size); });
  // Length, count and bytes of each word, to its owner.
  std::vector<std::vector<char>> parts(static_cast<std::size_t>(ranks));
  mine.for_each([&](std::uint64_t hash, std::string_view word, std::uint64_t count) {
    std::vector<char>& part = parts[(hash & 0xffffffff) * static_cast<std::uint64_t>(ranks) >> 32];
    const std::uint64_t head[2] = {word.size(), count};
    const char* const bytes = reinterpret_cast<const char*>(head);
    part.insert(part.end(), bytes, bytes + sizeof head);
    part.insert(part.end(), word.begin(), word.end());
  });
  std::vector<char> all;
  std::vector<std::size_t> counts;
  for (const auto& part : parts) {
    all.insert(all.end(), part.begin(), part.end());
    counts.push_back(part.size());
  }
  const std::vector<char> came = Exchange<char>::swap(all, counts);
  std::size_t words = 0;
  for (const char* at = came.data(); at != came.data() + came.size(); ++words) {
    std::uint64_t size = 0;
    std::memcpy(&size, at, sizeof size);
    at += 2 * sizeof size + size;
  }
  kiln::bench::WordTable table(words);
  for (const char* at = came.data(); at != came.data() + came.size();) {
    std::uint64_t head[2];
    std::memcpy(head, at, sizeof head);
    table.add(at + sizeof head, head[0], head[1]);
    at += sizeof head + head[0];
  }
  return table.digest();
}

// ---- The exchange alone

Digest exchange(std::uint64_t bytes, bool bare) {
  const auto size = static_cast<std::size_t>(ranks);
  const std::vector<char> all(share(bytes, rank + 1) - share(bytes, rank), 'x');
  const std::vector<std::size_t> counts(size, all.size() / size);
  std::vector<char> came;
  if (bare) Exchange<char>::swap_into(came, all, counts);
  begin_clock();  // not for what makes them
  Exchange<char>::swap_into(came, all, counts);
  return {came.size(), 0};
}

Digest run(int argc, char** argv) {
  const std::string what = argc > 2 ? argv[1] : "";
  const auto number = [&](int at) { return std::strtoull(argv[at], nullptr, 10); };
  if (what == "sort" && argc > 3) return sort(argv[2], argv[3]);
  if (what == "group" && argc > 3) return group(number(2), number(3));
  if (what == "join" && argc > 3) return join(number(2), number(3));
  if (what == "words") return words(argv[2]);
  if (what == "exchange" || what == "bare") return exchange(number(2), what == "bare");
  std::fprintf(stderr, "usage: kiln_bench_reference_shuffle sort|group|join|words|exchange|bare …\n");
  MPI_Abort(MPI_COMM_WORLD, 2);
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  begin_clock();
  const Digest mine = run(argc, argv);
  MPI_Barrier(MPI_COMM_WORLD);
  const double seconds = MPI_Wtime() - begun;
  std::uint64_t own[2] = {mine.entries, mine.sum}, all[2] = {0, 0};
  MPI_Reduce(own, all, 2, MPI_UINT64_T, MPI_SUM, 0, MPI_COMM_WORLD);
  if (rank == 0) {
    std::printf("entries %llu sum %llu seconds %.6f\n", static_cast<unsigned long long>(all[0]),
                static_cast<unsigned long long>(all[1]), seconds);
  }
  MPI_Finalize();
  return 0;
}
