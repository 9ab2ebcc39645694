#include "base/ranks_text.hpp"

#include <gtest/gtest.h>

namespace kiln {
namespace {

TEST(RanksText, AsManyAsThereAre) {
  EXPECT_EQ(ranks_text({}), "");
  EXPECT_EQ(ranks_text({Rank(1)}), "rank 1");
  EXPECT_EQ(ranks_text({Rank(1), Rank(3)}), "ranks 1 and 3");
  EXPECT_EQ(ranks_text({Rank(1), Rank(3), Rank(12)}), "ranks 1, 3 and 12");
}

}  // namespace
}  // namespace kiln
