# The programs; each links the shared libraries as any other user would.
add_subdirectory(examples)

# The emulated link needs nothing of the engine: its own folder, UDP, and what stands below.
add_executable(satsync-link sim-link/main.c
    $<TARGET_OBJECTS:sim-link> $<TARGET_OBJECTS:transport_udp>
    $<TARGET_OBJECTS:libsync_port> $<TARGET_OBJECTS:libsync_base>)
target_link_libraries(satsync-link PRIVATE satsync_flags PkgConfig::URING)
install(TARGETS satsync-link RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES man/satsync-link.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
