# Third-party libraries, all from the system: scripts/install-deps.sh installs what a build needs.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
pkg_check_modules(LIBUV REQUIRED IMPORTED_TARGET libuv>=1.40)
pkg_check_modules(YAML REQUIRED IMPORTED_TARGET yaml-0.1)
pkg_check_modules(CJSON REQUIRED IMPORTED_TARGET libcjson)
pkg_check_modules(BROTLI REQUIRED IMPORTED_TARGET libbrotlidec)
pkg_check_modules(PCRE2 REQUIRED IMPORTED_TARGET libpcre2-8)
pkg_check_modules(NGHTTP2 REQUIRED IMPORTED_TARGET libnghttp2>=1.43)
pkg_check_modules(ZLIB REQUIRED IMPORTED_TARGET zlib)
pkg_check_modules(OPENSSL REQUIRED IMPORTED_TARGET openssl>=1.1.1)
if(BRUNT_SQLITE)
  pkg_check_modules(SQLITE REQUIRED IMPORTED_TARGET sqlite3>=3.35) # RETURNING
endif()

if(BRUNT_NATS)
  pkg_check_modules(NATS REQUIRED IMPORTED_TARGET libnats>=3.4)
endif()

# llhttp: an installed library where there is one; else the C sources that Debian's node-llhttp ships are compiled.
pkg_check_modules(LLHTTP QUIET IMPORTED_TARGET libllhttp)
if(LLHTTP_FOUND)
  add_library(llhttp ALIAS PkgConfig::LLHTTP)
else()
  find_path(LLHTTP_SOURCE_DIR llhttp.c PATHS /usr/share/llhttp NO_DEFAULT_PATH)
  find_path(LLHTTP_INCLUDE_DIR llhttp.h PATHS /usr/include/llhttp /usr/share/include/llhttp NO_DEFAULT_PATH)
  if(NOT LLHTTP_SOURCE_DIR OR NOT LLHTTP_INCLUDE_DIR)
    message(FATAL_ERROR "llhttp is missing: run scripts/install-deps.sh (Debian: node-llhttp, or libllhttp-dev)")
  endif()
  add_library(llhttp STATIC ${LLHTTP_SOURCE_DIR}/llhttp.c ${LLHTTP_SOURCE_DIR}/api.c ${LLHTTP_SOURCE_DIR}/http.c)
  target_include_directories(llhttp SYSTEM PUBLIC ${LLHTTP_INCLUDE_DIR})
  target_compile_definitions(llhttp PRIVATE LLHTTP_STRICT_MODE=1) # as llhttp 9 always is: no spaces in header names
  target_compile_options(llhttp PRIVATE -w) # generated code, not ours to warn about
endif()

# Chart.js goes into report.html, and so into the binary: one file that sets `Chart`.
if(BRUNT_CHARTS)
  find_file(CHART_JS NAMES chart.umd.min.js chart.min.js chart.umd.js PATHS /usr/share/javascript/chart.js
    /usr/share/nodejs/chart.js/dist NO_DEFAULT_PATH)
  if(NOT CHART_JS)
    message(FATAL_ERROR "Chart.js is missing: run scripts/install-deps.sh (Debian: libjs-chart.js), or build without charts, -DBRUNT_CHARTS=OFF")
  endif()
endif()
