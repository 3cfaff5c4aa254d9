# What every translation unit is compiled with.
if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
    set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
endif()

# assert() stays on in every build: it guards against our own mistakes, never against input.
foreach(type RELEASE RELWITHDEBINFO MINSIZEREL)
    string(REPLACE "-DNDEBUG" "" CMAKE_C_FLAGS_${type} "${CMAKE_C_FLAGS_${type}}")
endforeach()

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS ON)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

add_library(satsync_flags INTERFACE)
target_compile_definitions(satsync_flags INTERFACE _GNU_SOURCE SATSYNC_VERSION_TEXT="${PROJECT_VERSION}")
target_compile_options(satsync_flags INTERFACE
    -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith
    -Wwrite-strings -Wvla -fno-strict-aliasing
    # The same bits on every CPU: no contraction to fused multiply-add.
    -ffp-contract=off)
if(SATSYNC_WERROR)
    target_compile_options(satsync_flags INTERFACE -Werror)
endif()
if(SATSYNC_SANITIZE)
    target_compile_options(satsync_flags INTERFACE -fsanitize=${SATSYNC_SANITIZE}
        -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(satsync_flags INTERFACE -fsanitize=${SATSYNC_SANITIZE})
endif()
if(SATSYNC_FUZZ)
    target_compile_options(satsync_flags INTERFACE -fsanitize=fuzzer-no-link)
    target_link_options(satsync_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
target_include_directories(satsync_flags INTERFACE
    ${CMAKE_SOURCE_DIR}/libsync ${CMAKE_SOURCE_DIR}/libsync/include ${CMAKE_SOURCE_DIR})
