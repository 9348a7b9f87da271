# The Debian package: scripts/package.sh builds it and looks at what came of it. What it depends on is computed from what the
# binary links.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME brunt)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "load generator that finds where a server breaks, and why")
set(CPACK_PACKAGE_DESCRIPTION
"brunt sends open-loop HTTP traffic at exact times from one event loop, counts
every latency from the moment the request was due, and watches the server's CPU
and memory on the same timeline. It finds the rate at which the server breaks,
names the cause with its evidence, and never blames the server for limits of
its own.")
set(CPACK_PACKAGE_VENDOR "the brunt authors")
set(CPACK_PACKAGE_CONTACT "the brunt authors <brunt@brunt.invalid>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
include(CPack)
