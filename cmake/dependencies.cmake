# Third-party libraries, all from Debian 12 under their own names. tests/lint fences their headers.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium>=1.0.18)
pkg_check_modules(URING REQUIRED IMPORTED_TARGET liburing>=2.3)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd>=1.5)
pkg_check_modules(ISAL REQUIRED IMPORTED_TARGET libisal>=2.30)
pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET libxxhash>=0.8)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson>=2.13)
pkg_check_modules(RAFT REQUIRED IMPORTED_TARGET raft>=0.15)
# Optional: the same AES-256-GCM bytes as libsodium's, over twice as fast.
option(SATSYNC_LIBCRYPTO "Seal with libcrypto where it is faster" ON)
if(SATSYNC_LIBCRYPTO)
    pkg_check_modules(LIBCRYPTO IMPORTED_TARGET libcrypto>=3.0)
endif()
# Optional: without it the ranks of a site have no UCX module, and all else is as ever.
pkg_check_modules(UCX IMPORTED_TARGET ucx>=1.12)
# Optional: satsync-bench compares all-reduce with it.
pkg_check_modules(OPEN_MPI IMPORTED_TARGET ompi-c)
if(SATSYNC_TESTS)
    pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka>=1.1.5)
endif()
add_library(satsync_dependencies INTERFACE)
target_link_libraries(satsync_dependencies INTERFACE PkgConfig::SODIUM PkgConfig::URING
    PkgConfig::ZSTD PkgConfig::ISAL PkgConfig::XXHASH PkgConfig::JANSSON PkgConfig::RAFT Threads::Threads m)
if(LIBCRYPTO_FOUND)
    target_link_libraries(satsync_dependencies INTERFACE PkgConfig::LIBCRYPTO)
    target_compile_definitions(satsync_dependencies INTERFACE SATSYNC_LIBCRYPTO)
endif()
