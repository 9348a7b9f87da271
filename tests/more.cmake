# Checks of the source itself, and the scenarios: real processes over real sockets. Debian's own Python runs them, since it
# is the one that has Debian's pytest, PyYAML and jsonschema.
set(PYTHON /usr/bin/python3)

# label "source": the same whatever the compiler, so that scripts/test.sh runs them in one build only
add_test(NAME tidy COMMAND ${PYTHON} ${CMAKE_CURRENT_SOURCE_DIR}/tidy/tidy.py ${CMAKE_SOURCE_DIR})
add_test(NAME tidy_rules COMMAND ${PYTHON} -m pytest -q -p no:cacheprovider ${CMAKE_CURRENT_SOURCE_DIR}/tidy)
add_test(NAME scenario_harness COMMAND ${PYTHON} -m pytest -q -p no:cacheprovider ${CMAKE_CURRENT_SOURCE_DIR}/scenario)
add_test(NAME format COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/tidy/format.sh)
add_test(NAME clang_tidy COMMAND ${PYTHON} ${CMAKE_CURRENT_SOURCE_DIR}/tidy/clang_tidy.py ${CMAKE_BINARY_DIR} --quick)
add_test(NAME packaging COMMAND ${PYTHON} ${CMAKE_CURRENT_SOURCE_DIR}/tidy/packaging.py ${CMAKE_BINARY_DIR})
add_test(NAME mutants COMMAND ${PYTHON} ${CMAKE_CURRENT_SOURCE_DIR}/tidy/mutants.py ${CMAKE_BINARY_DIR} ${CMAKE_SOURCE_DIR})
add_test(NAME profiles_readme # is what the parser's own tables say
         COMMAND sh -c "'$<TARGET_FILE:brunt>' help profile --markdown | diff -u '${CMAKE_SOURCE_DIR}/profiles/README.md' -")
add_test(NAME profiles_check # whoever takes one as it is shipped must not be told that it is wrong
         COMMAND sh -c "for p in '${CMAKE_SOURCE_DIR}'/profiles/*.yaml '${CMAKE_SOURCE_DIR}'/profiles/*/*.yaml; do \
case \"$p\" in */baselines/*) continue ;; esac; \
'$<TARGET_FILE:brunt>' check \"$p\" >/dev/null || { echo \"$p\"; bad=1; }; done; exit \${bad:-0}")
set_tests_properties(profiles_check PROPERTIES LABELS source)
set_tests_properties(tidy tidy_rules mutants scenario_harness packaging profiles_readme format clang_tidy PROPERTIES LABELS source TIMEOUT 600)
set_tests_properties(clang_tidy PROPERTIES RUN_SERIAL ON) # takes every core, which no other test should feel

# A GPU's library where there is no GPU, by the name that brunt looks for.
if(TARGET unit_sampler_power)
  add_library(fake_nvml MODULE ${CMAKE_CURRENT_SOURCE_DIR}/unit/sampler/fake_nvml.c)
  set_target_properties(fake_nvml PROPERTIES PREFIX "" OUTPUT_NAME libnvidia-ml SUFFIX .so.1
                        LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/fake)
  add_dependencies(unit_sampler_power fake_nvml)
  target_compile_definitions(unit_sampler_power PRIVATE FAKE_NVML="$<TARGET_FILE:fake_nvml>")
endif()

get_property(tests DIRECTORY PROPERTY TESTS)
foreach(test ${tests})
  if(test MATCHES "^unit_")
    set_property(TEST ${test} APPEND PROPERTY LABELS unit)
  endif()
endforeach()

# What gives way does so in the plain build alone.
if(TEST unit_campaign_background)
  set_property(TEST unit_campaign_background APPEND PROPERTY LABELS source)
endif()

# 1,000 simulated comparisons, searches or targets: the same whatever the compiler, and minutes under sanitizers.
foreach(simulated unit_judge_coverage unit_judge_trend_coverage unit_judge_search_coverage unit_judge_change_point_power
        unit_judge_healthy unit_judge_cause_pairs unit_campaign_against_coverage)
  if(TEST ${simulated})
    set_property(TEST ${simulated} APPEND PROPERTY LABELS simulated)
    set_tests_properties(${simulated} PROPERTIES TIMEOUT 300)
  endif()
endforeach()

# One test per scenario. Those that say `timing: true` judge times and rates: each has the machine for itself, and they are
# not asked to do so under sanitizers. `timing: light` are those that need little of it: test.sh runs one more of them at
# once than there are CPUs. The others sleep most of the time, and so go on beside each other.
file(GLOB scenarios CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/scenario/*.yaml)
foreach(scenario ${scenarios})
  get_filename_component(name ${scenario} NAME_WE)
  add_test(
    NAME scenario_${name}
    COMMAND ${PYTHON} ${CMAKE_CURRENT_SOURCE_DIR}/scenario/scenario.py --brunt $<TARGET_FILE:brunt> --work
            ${CMAKE_BINARY_DIR}/scenario ${scenario})
  set_tests_properties(scenario_${name} PROPERTIES LABELS scenario TIMEOUT 180 SKIP_RETURN_CODE 77)
  file(STRINGS ${scenario} timing REGEX "^timing: ")
  if(timing MATCHES "light")
    set_tests_properties(scenario_${name} PROPERTIES LABELS "scenario;timing;light")
  elseif(timing)
    set_tests_properties(scenario_${name} PROPERTIES LABELS "scenario;timing" RUN_SERIAL ON)
  endif()
  if(name MATCHES "^profile_")
    file(STRINGS ${scenario} shipped REGEX "^ *shipped:")
  else()
    set(shipped)
  endif()
  if(shipped) # a profile as it is shipped, which passes through what other scenarios do, for longer
    set_property(TEST scenario_${name} APPEND PROPERTY LABELS shipped)
  endif()
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${scenario})
endforeach()

# pytest SUITE FOLDER ENVIRONMENT…: the parts of the product that Python programs judge from outside.
function(python_suite name folder)
  add_test(NAME ${name} COMMAND ${PYTHON} -m pytest -q -rs -p no:cacheprovider -p patience
           ${CMAKE_SOURCE_DIR}/tests/${folder})
  set_tests_properties(${name} PROPERTIES LABELS outsider TIMEOUT 300
                       ENVIRONMENT "PYTHONPATH=${CMAKE_SOURCE_DIR}/tests/machine;${ARGN}")
endfunction()

if(CMOCKA_FOUND)
  add_executable(write_log ${CMAKE_CURRENT_SOURCE_DIR}/outsiders/hdr/write_log.c)
  target_link_libraries(write_log PRIVATE room_measure)
  add_executable(write_arms ${CMAKE_CURRENT_SOURCE_DIR}/outsiders/compare/write_arms.c)
  target_link_libraries(write_arms PRIVATE room_judge PkgConfig::CMOCKA)
  target_include_directories(write_arms PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  python_suite(compare_outsiders outsiders/compare "WRITE_ARMS=$<TARGET_FILE:write_arms>")
  add_executable(fits ${CMAKE_CURRENT_SOURCE_DIR}/outsiders/fits/fits.c)
  target_link_libraries(fits PRIVATE room_judge)
  python_suite(fits_outsiders outsiders/fits "FITS=$<TARGET_FILE:fits>")
  if(BRUNT_SQLITE) # there is a daemon
    add_executable(tell ${CMAKE_CURRENT_SOURCE_DIR}/outsiders/alerts/tell.c)
    target_link_libraries(tell PRIVATE room_daemon)
    python_suite(alerts_outsiders outsiders/alerts "TELL=$<TARGET_FILE:tell>")
    add_executable(cron_times ${CMAKE_CURRENT_SOURCE_DIR}/outsiders/cron/times.c)
    target_link_libraries(cron_times PRIVATE room_daemon)
    python_suite(cron_outsiders outsiders/cron "CRON_TIMES=$<TARGET_FILE:cron_times>")
  endif()
  add_executable(draws ${CMAKE_CURRENT_SOURCE_DIR}/outsiders/draws/draws.c)
  target_link_libraries(draws PRIVATE room_request)
  add_executable(jar ${CMAKE_CURRENT_SOURCE_DIR}/outsiders/cookies/jar.c)
  target_link_libraries(jar PRIVATE room_request)
  python_suite(cookies_outsiders outsiders/cookies "JAR=$<TARGET_FILE:jar>")
  python_suite(draws_outsiders outsiders/draws "DRAWS=$<TARGET_FILE:draws>")
  add_executable(reader_witness ${CMAKE_CURRENT_SOURCE_DIR}/outsiders/reader/witness.c)
  target_link_libraries(reader_witness PRIVATE room_reader)
  python_suite(reader_outsiders outsiders/reader "WITNESS=$<TARGET_FILE:reader_witness>" "BRUNT_NODE_DIR=${CMAKE_BINARY_DIR}/node")
  add_executable(exposition_witness ${CMAKE_CURRENT_SOURCE_DIR}/outsiders/exposition/witness.c)
  target_link_libraries(exposition_witness PRIVATE room_sampler)
  python_suite(push_outsiders outsiders/push "BRUNT=$<TARGET_FILE:brunt>")
  python_suite(import_outsiders outsiders/import "BRUNT=$<TARGET_FILE:brunt>" "BRUNT_NODE_DIR=${CMAKE_BINARY_DIR}/node")
  python_suite(exposition_outsiders outsiders/exposition "WITNESS=$<TARGET_FILE:exposition_witness>" "BRUNT=$<TARGET_FILE:brunt>")
  python_suite(hdr_outsiders outsiders/hdr "WRITE_LOG=$<TARGET_FILE:write_log>" "BRUNT_NODE_DIR=${CMAKE_BINARY_DIR}/node")
  add_executable(write_formats ${CMAKE_CURRENT_SOURCE_DIR}/outsiders/formats/write_formats.c)
  target_link_libraries(write_formats PRIVATE room_report PkgConfig::CMOCKA)
  target_include_directories(write_formats PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  python_suite(formats_outsiders outsiders/formats "WRITE_FORMATS=$<TARGET_FILE:write_formats>")
  python_suite(llm_outsiders outsiders/llm "BRUNT=$<TARGET_FILE:brunt>" "BRUNT_NODE_DIR=${CMAKE_BINARY_DIR}/node")
  python_suite(names_outsiders outsiders/names "BRUNT=$<TARGET_FILE:brunt>")
  python_suite(result_schema unit/report "BRUNT=$<TARGET_FILE:brunt>")
  python_suite(html_page outsiders/html "BRUNT=$<TARGET_FILE:brunt>")
  python_suite(compare_command compare "BRUNT=$<TARGET_FILE:brunt>")
  python_suite(merge_command merge "BRUNT=$<TARGET_FILE:brunt>")
  if(BRUNT_SQLITE)
    python_suite(dashboard dashboard "DASHBOARD=${CMAKE_BINARY_DIR}/generated/daemon_page.html" "BRUNT=$<TARGET_FILE:brunt>")
    python_suite(daemon daemon "BRUNT=$<TARGET_FILE:brunt>")
    set(alone) # they take long, and so go on beside the others
    foreach(part alerts kills reload retention siege)
      python_suite(daemon_${part} daemon/test_${part}.py "BRUNT=$<TARGET_FILE:brunt>")
      set_property(TEST daemon_${part} APPEND PROPERTY LABELS scenario)
      string(APPEND alone " --ignore=${CMAKE_SOURCE_DIR}/tests/daemon/test_${part}.py")
    endforeach()
    set_property(TEST daemon APPEND PROPERTY ENVIRONMENT "PYTEST_ADDOPTS=${alone}")
  endif()
  if(BRUNT_NATS)
    python_suite(cluster "cluster/test_loopback.py;${CMAKE_SOURCE_DIR}/tests/cluster/test_secured.py;${CMAKE_SOURCE_DIR}/tests/cluster/test_logins.py" "BRUNT=$<TARGET_FILE:brunt>")
  endif()
  python_suite(target_server target "BRUNT=$<TARGET_FILE:brunt>")
  python_suite(target_times target "BRUNT=$<TARGET_FILE:brunt>")
  set_property(TEST target_server APPEND PROPERTY ENVIRONMENT "PYTEST_ADDOPTS=-m 'not timing'")
  set_property(TEST target_times APPEND PROPERTY ENVIRONMENT "PYTEST_ADDOPTS=-m timing")
  set_tests_properties(target_times PROPERTIES LABELS "outsider;timing" RUN_SERIAL ON)
  set_tests_properties(reader_outsiders hdr_outsiders llm_outsiders PROPERTIES RESOURCE_LOCK npm) # one installation at a time
endif()

foreach(suite compare_outsiders cookies_outsiders cron_outsiders draws_outsiders fits_outsiders formats_outsiders reader_outsiders exposition_outsiders) # the same figures whatever the compiler
  if(TEST ${suite})
    set_property(TEST ${suite} APPEND PROPERTY LABELS source)
  endif()
endforeach()

# They drive brunt as scenarios do, and so run where those do: once, under sanitizers.
foreach(suite alerts_outsiders dashboard html_page compare_command merge_command llm_outsiders import_outsiders push_outsiders names_outsiders target_server cluster)
  if(TEST ${suite})
    set_property(TEST ${suite} APPEND PROPERTY LABELS scenario)
  endif()
endforeach()

add_subdirectory(${CMAKE_CURRENT_SOURCE_DIR}/bench) # builds nothing unless asked

# The longest begin first, so that none of them is left over at the end.
foreach(long dashboard compare_command merge_command names_outsiders llm_outsiders unit_campaign_scrapes target_server html_page daemon daemon_kills daemon_siege push_outsiders
        unit_engine_flow unit_judge_compare unit_engine_steered_at_random bench_tools alerts_outsiders exposition_outsiders clang_tidy
        unit_judge_search_coverage unit_campaign_against_coverage unit_judge_coverage reader_outsiders)
  if(TEST ${long})
    set_tests_properties(${long} PROPERTIES COST 1000)
  endif()
endforeach()
foreach(browsing dashboard html_page) # a browser each
  if(TEST ${browsing})
    set_property(TEST ${browsing} APPEND PROPERTY RESOURCE_LOCK browser)
  endif()
endforeach()

# scripts: cmake --preset fuzz && cmake --build --preset fuzz, then build/fuzz/tests/fuzz_NAME tests/fuzz/corpus/NAME
if(BRUNT_FUZZ)
  foreach(fuzzed "profile plan" "events measure" "http1 proto" "http2 proto" "websocket proto" "asks target" "sse reader" "ndjson reader" "llm reader" "decoder reader" "feeds request" "extract request" "checks request" "httpd httpd" "exposition sampler" "import import" "guard daemon" "submission daemon" "messages cluster")
    separate_arguments(fuzzed)
    list(GET fuzzed 0 name)
    list(GET fuzzed 1 room)
    if(NOT TARGET room_${room})
      continue()
    endif()
    add_executable(fuzz_${name} ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/fuzz_${name}.c)
    target_include_directories(fuzz_${name} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
    target_link_libraries(fuzz_${name} PRIVATE room_${room})
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  endforeach()
endif()
