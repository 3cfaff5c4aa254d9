# libsatsync.so.0, its static twin, and the library of the simulator.
get_property(folders GLOBAL PROPERTY SATSYNC_FOLDERS)

add_library(satsync_assembly OBJECT assembly.c)
target_link_libraries(satsync_assembly PRIVATE satsync_flags satsync_dependencies)

# Test programs link every folder, hidden symbols included.
add_library(satsync_everything STATIC EXCLUDE_FROM_ALL $<TARGET_OBJECTS:satsync_assembly>)
foreach(folder ${folders})
    target_sources(satsync_everything PRIVATE $<TARGET_OBJECTS:${folder}>)
endforeach()
target_link_libraries(satsync_everything PUBLIC satsync_flags satsync_dependencies)

set(library_objects $<TARGET_OBJECTS:satsync_assembly>)
foreach(folder ${folders})
    if(NOT folder MATCHES "^sim-link")
        list(APPEND library_objects $<TARGET_OBJECTS:${folder}>)
    endif()
endforeach()

add_library(satsync SHARED ${library_objects})
target_link_libraries(satsync PRIVATE satsync_flags satsync_dependencies)
target_include_directories(satsync INTERFACE
    $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/libsync/include>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
set_target_properties(satsync PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION 0)
if(NOT SATSYNC_SANITIZE AND NOT SATSYNC_FUZZ)
    target_link_options(satsync PRIVATE -Wl,--no-undefined)
endif()

# The static archive is one relocatable object whose hidden symbols are made local, so that internal
# names such as ranges_add cannot collide with the host program's.
add_custom_command(
    OUTPUT ${CMAKE_BINARY_DIR}/libsatsync.a
    COMMAND ${CMAKE_C_COMPILER} -r -nostdlib -o ${CMAKE_BINARY_DIR}/satsync_whole.o ${library_objects}
    COMMAND ${CMAKE_OBJCOPY} --localize-hidden ${CMAKE_BINARY_DIR}/satsync_whole.o
    COMMAND ${CMAKE_COMMAND} -E rm -f ${CMAKE_BINARY_DIR}/libsatsync.a
    COMMAND ${CMAKE_AR} rcs ${CMAKE_BINARY_DIR}/libsatsync.a ${CMAKE_BINARY_DIR}/satsync_whole.o
    DEPENDS ${library_objects}
    COMMAND_EXPAND_LISTS VERBATIM)
add_custom_target(satsync_static ALL DEPENDS ${CMAKE_BINARY_DIR}/libsatsync.a)

# UCX stands in a module of its own, which transport/link opens at run time.
if(UCX_FOUND)
    file(GLOB sources CONFIGURE_DEPENDS transport/ucx/*.c)
    add_library(transport_ucx OBJECT ${sources})
    target_link_libraries(transport_ucx PUBLIC satsync_flags PkgConfig::UCX)
    add_library(satsync-ucx MODULE $<TARGET_OBJECTS:transport_ucx> $<TARGET_OBJECTS:libsync_port>
        $<TARGET_OBJECTS:libsync_base>)
    target_link_libraries(satsync-ucx PRIVATE satsync_flags PkgConfig::UCX)
    target_link_options(satsync-ucx PRIVATE
        -Wl,--version-script=${CMAKE_SOURCE_DIR}/cmake/satsync-ucx.map)
    set_target_properties(satsync-ucx PROPERTIES PREFIX "lib" OUTPUT_NAME satsync-ucx
        LINK_DEPENDS ${CMAKE_SOURCE_DIR}/cmake/satsync-ucx.map)
    install(TARGETS satsync-ucx LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
endif()

include(CMakePackageConfigHelpers)
set(SATSYNC_PRIVATE_PACKAGES "libsodium liburing libzstd libisal libxxhash jansson raft")
if(LIBCRYPTO_FOUND)
    string(APPEND SATSYNC_PRIVATE_PACKAGES " libcrypto")
endif()
# Relative, so that the installed tree can be moved, and `cmake --install --prefix` holds.
file(RELATIVE_PATH SATSYNC_PC_TO_PREFIX "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
configure_file(cmake/satsync.pc.in satsync.pc @ONLY)
configure_package_config_file(cmake/satsync-config.cmake.in satsync-config.cmake
    INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/satsync)
write_basic_package_version_file(satsync-config-version.cmake COMPATIBILITY SameMinorVersion)

install(TARGETS satsync EXPORT satsync-targets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(FILES ${CMAKE_BINARY_DIR}/libsatsync.a DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY libsync/include/satsync DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
set(SATSYNC_PYTHON_DIR lib/python3/dist-packages CACHE STRING "Where the Python package goes")
install(DIRECTORY python/satsync DESTINATION ${SATSYNC_PYTHON_DIR} PATTERN __pycache__ EXCLUDE)
install(FILES ${CMAKE_BINARY_DIR}/satsync.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
install(EXPORT satsync-targets NAMESPACE satsync::
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/satsync)
install(FILES ${CMAKE_BINARY_DIR}/satsync-config.cmake
    ${CMAKE_BINARY_DIR}/satsync-config-version.cmake
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/satsync)

# The emulated link, for users' own tests. It stands alone: what it shares with libsatsync is inside
# it and hidden.
add_library(satsync-sim SHARED $<TARGET_OBJECTS:sim-link> $<TARGET_OBJECTS:libsync_port>
    $<TARGET_OBJECTS:libsync_base>)
target_link_libraries(satsync-sim PRIVATE satsync_flags)
target_link_options(satsync-sim PRIVATE
    -Wl,--version-script=${CMAKE_SOURCE_DIR}/cmake/satsync-sim.map)
set_target_properties(satsync-sim PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION 0
    LINK_DEPENDS ${CMAKE_SOURCE_DIR}/cmake/satsync-sim.map)
install(TARGETS satsync-sim LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
