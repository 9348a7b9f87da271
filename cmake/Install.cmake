# install rules: the binary, man page, shell completions and profiles
install(TARGETS brunt RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})

configure_file(${CMAKE_SOURCE_DIR}/packaging/brunt.1.in ${CMAKE_BINARY_DIR}/generated/brunt.1 @ONLY)
if(BRUNT_DEBIAN) # Debian Policy 12.1, 12.5, 12.7
  set(debian ${CMAKE_BINARY_DIR}/generated/debian)
  string(TIMESTAMP CHANGELOG_DATE "%a, %d %b %Y %H:%M:%S +0000" UTC) # SOURCE_DATE_EPOCH's, where that is set
  file(READ ${CMAKE_SOURCE_DIR}/LICENSE license)
  string(REGEX REPLACE "^MIT License\n+Copyright [^\n]*\n+" "" license "${license}")
  string(REGEX REPLACE "\n$" "" license "${license}")
  string(REPLACE "\n\n" "\n.\n" license "${license}")
  string(REPLACE "\n" "\n " LICENSE_TEXT "${license}")
  configure_file(${CMAKE_SOURCE_DIR}/packaging/copyright.in ${debian}/copyright @ONLY)
  configure_file(${CMAKE_SOURCE_DIR}/packaging/changelog.in ${debian}/changelog @ONLY)
  add_custom_command(OUTPUT ${debian}/brunt.1.gz ${debian}/changelog.gz
    COMMAND sh -c "gzip -9nc '${CMAKE_BINARY_DIR}/generated/brunt.1' >'${debian}/brunt.1.gz'"
    COMMAND sh -c "gzip -9nc '${debian}/changelog' >'${debian}/changelog.gz'"
    DEPENDS ${CMAKE_BINARY_DIR}/generated/brunt.1 ${debian}/changelog VERBATIM)
  add_custom_target(debian_files ALL DEPENDS ${debian}/brunt.1.gz ${debian}/changelog.gz)
  install(FILES ${debian}/brunt.1.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
  install(FILES ${debian}/copyright ${debian}/changelog.gz DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/brunt)
else()
  install(FILES ${CMAKE_BINARY_DIR}/generated/brunt.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
  install(FILES ${CMAKE_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
endif()

install(FILES ${CMAKE_SOURCE_DIR}/packaging/brunt.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions
  RENAME brunt)
install(FILES ${CMAKE_SOURCE_DIR}/packaging/_brunt DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
install(FILES ${CMAKE_SOURCE_DIR}/packaging/brunt.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)

install(DIRECTORY ${CMAKE_SOURCE_DIR}/profiles/ DESTINATION ${CMAKE_INSTALL_DATADIR}/brunt/profiles FILES_MATCHING
  PATTERN *.yaml PATTERN *.md PATTERN *.txt)

# The daemon's units, and lines for cron: examples, since a unit that is installed is not yet one that is wanted.
install(DIRECTORY ${CMAKE_SOURCE_DIR}/packaging/systemd/ DESTINATION ${CMAKE_INSTALL_DATADIR}/brunt/systemd)
install(DIRECTORY ${CMAKE_SOURCE_DIR}/packaging/slurm ${CMAKE_SOURCE_DIR}/packaging/kubernetes
        DESTINATION ${CMAKE_INSTALL_DATADIR}/brunt USE_SOURCE_PERMISSIONS)
install(FILES ${CMAKE_SOURCE_DIR}/packaging/brunt.crontab ${CMAKE_SOURCE_DIR}/packaging/nats-server.conf
        DESTINATION ${CMAKE_INSTALL_DATADIR}/brunt)
