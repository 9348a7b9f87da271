# Checks of the source itself, and the scenarios: real processes over real sockets. Debian's own Python runs them, since it
# is the one that has Debian's pytest, PyYAML and jsonschema.
set(PYTHON /usr/bin/python3)

# label "source": the same whatever the compiler, so that scripts/test.sh runs them in one build only
add_test(NAME tidy COMMAND ${PYTHON} ${CMAKE_CURRENT_SOURCE_DIR}/tidy/tidy.py ${CMAKE_SOURCE_DIR})
add_test(NAME tidy_rules COMMAND ${PYTHON} -m pytest -q -p no:cacheprovider ${CMAKE_CURRENT_SOURCE_DIR}/tidy)
add_test(NAME scenario_harness COMMAND ${PYTHON} -m pytest -q -p no:cacheprovider ${CMAKE_CURRENT_SOURCE_DIR}/scenario)
add_test(NAME format COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/tidy/format.sh)
add_test(NAME clang_tidy COMMAND ${PYTHON} ${CMAKE_CURRENT_SOURCE_DIR}/tidy/clang_tidy.py ${CMAKE_BINARY_DIR})
add_test(NAME packaging COMMAND ${PYTHON} ${CMAKE_CURRENT_SOURCE_DIR}/tidy/packaging.py ${CMAKE_BINARY_DIR})
set_tests_properties(tidy tidy_rules scenario_harness packaging format clang_tidy PROPERTIES LABELS source TIMEOUT 600)
set_tests_properties(clang_tidy PROPERTIES RUN_SERIAL ON) # takes every core, which no other test should feel

get_property(tests DIRECTORY PROPERTY TESTS)
foreach(test ${tests})
  if(test MATCHES "^unit_")
    set_property(TEST ${test} APPEND PROPERTY LABELS unit)
  endif()
endforeach()

# One test per scenario, one after the other: each has the machine for itself. Those that say `timing: true` judge times and
# rates, and are not asked to do so under sanitizers.
file(GLOB scenarios CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/scenario/*.yaml)
foreach(scenario ${scenarios})
  get_filename_component(name ${scenario} NAME_WE)
  add_test(
    NAME scenario_${name}
    COMMAND ${PYTHON} ${CMAKE_CURRENT_SOURCE_DIR}/scenario/scenario.py --brunt $<TARGET_FILE:brunt> --work
            ${CMAKE_BINARY_DIR}/scenario ${scenario})
  set_tests_properties(scenario_${name} PROPERTIES LABELS scenario TIMEOUT 180 SKIP_RETURN_CODE 77 RUN_SERIAL ON)
  file(STRINGS ${scenario} timing REGEX "^timing: true")
  if(timing)
    set_tests_properties(scenario_${name} PROPERTIES LABELS "scenario;timing")
  endif()
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${scenario})
endforeach()
