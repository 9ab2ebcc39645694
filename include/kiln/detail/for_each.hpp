#pragma once

/// KILN_DETAIL_LIST(macro, type, a, b, …) is `macro(type, a), macro(type, b), …`, for up to 250 names.
#define KILN_DETAIL_LIST(macro, type, ...) __VA_OPT__(KILN_DETAIL_RESCAN(KILN_DETAIL_STEP(macro, type, __VA_ARGS__)))
#define KILN_DETAIL_STEP(macro, type, name, ...) \
  macro(type, name) __VA_OPT__(, KILN_DETAIL_AGAIN KILN_DETAIL_PARENS(macro, type, __VA_ARGS__))
#define KILN_DETAIL_AGAIN() KILN_DETAIL_STEP
#define KILN_DETAIL_PARENS ()
// A macro is not expanded within itself: each scan again goes one name further.
#define KILN_DETAIL_RESCAN(...) KILN_DETAIL_SCAN3(KILN_DETAIL_SCAN3(KILN_DETAIL_SCAN3(KILN_DETAIL_SCAN3(__VA_ARGS__))))
#define KILN_DETAIL_SCAN3(...) KILN_DETAIL_SCAN2(KILN_DETAIL_SCAN2(KILN_DETAIL_SCAN2(KILN_DETAIL_SCAN2(__VA_ARGS__))))
#define KILN_DETAIL_SCAN2(...) KILN_DETAIL_SCAN1(KILN_DETAIL_SCAN1(KILN_DETAIL_SCAN1(KILN_DETAIL_SCAN1(__VA_ARGS__))))
#define KILN_DETAIL_SCAN1(...) __VA_ARGS__

#define KILN_DETAIL_MEMBER(type, name) &type::name
#define KILN_DETAIL_NAME(type, name) ::std::string_view(#name)
