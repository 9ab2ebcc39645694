#include "job/ask.hpp"

#include <algorithm>
#include <atomic>
#include <thread>

namespace kiln::job {
namespace {

constexpr std::size_t kMostAtATime = 64;

}  // namespace

std::vector<Answer> ask_all(const std::vector<std::vector<std::string>>& questions, const Ask& ask) {
  std::vector<Answer> answers(questions.size());
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (std::size_t at = next++; at < questions.size(); at = next++) answers[at] = ask(questions[at]);
  };
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < std::min(questions.size(), kMostAtATime); ++i) threads.emplace_back(work);
  threads.clear();
  return answers;
}

}  // namespace kiln::job
