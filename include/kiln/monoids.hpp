#pragma once

/// The monoids that come with kiln: docs/monoids.md.
#include <kiln/monoids/all.hpp>
#include <kiln/monoids/collect.hpp>
#include <kiln/monoids/exact_sum.hpp>
#include <kiln/monoids/extremes.hpp>
#include <kiln/monoids/histogram.hpp>
#include <kiln/monoids/moments.hpp>
#include <kiln/monoids/quantiles.hpp>
#include <kiln/monoids/sum.hpp>
