# The programs; each links the shared libraries as any other user would.
add_subdirectory(examples)

# The emulated link needs nothing of the engine: its own folder, UDP, and what stands below.
add_executable(satsync-link sim-link/cli/main.c
    $<TARGET_OBJECTS:sim-link_cli> $<TARGET_OBJECTS:sim-link_check> $<TARGET_OBJECTS:sim-link> $<TARGET_OBJECTS:transport_udp>
    $<TARGET_OBJECTS:libsync_port> $<TARGET_OBJECTS:libsync_base>)
target_link_libraries(satsync-link PRIVATE satsync_flags PkgConfig::URING m)
install(TARGETS satsync-link RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES man/satsync-link.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)

# The folder of a program, as its users see the library: public headers only.
function(satsync_program_folder path)
    string(REPLACE "/" "_" name ${path})
    file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${path}/*.c)
    list(FILTER sources EXCLUDE REGEX "/main\\.c$")
    add_library(${name} OBJECT ${sources})
    target_compile_definitions(${name} PRIVATE
        $<TARGET_PROPERTY:satsync_flags,INTERFACE_COMPILE_DEFINITIONS>)
    target_compile_options(${name} PRIVATE
        $<TARGET_PROPERTY:satsync_flags,INTERFACE_COMPILE_OPTIONS>)
    target_include_directories(${name} PRIVATE
        ${CMAKE_SOURCE_DIR} ${CMAKE_SOURCE_DIR}/libsync/include)
    target_link_libraries(${name} PRIVATE PkgConfig::JANSSON)
endfunction()

satsync_program_folder(ckpt/cli)
add_executable(satsync_cli ckpt/cli/main.c $<TARGET_OBJECTS:ckpt_cli>)
set_target_properties(satsync_cli PROPERTIES OUTPUT_NAME satsync)
target_include_directories(satsync_cli PRIVATE
    ${CMAKE_SOURCE_DIR} ${CMAKE_SOURCE_DIR}/libsync/include)
target_link_options(satsync_cli PRIVATE $<TARGET_PROPERTY:satsync_flags,INTERFACE_LINK_OPTIONS>)
target_link_libraries(satsync_cli PRIVATE satsync PkgConfig::JANSSON m)
install(TARGETS satsync_cli RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES man/satsync.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)

# The measuring program looks at single parts of the library, which its users cannot reach: it links
# the folders themselves. Its scenarios are built in.
file(GLOB scenarios CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/bench/scenarios/*.scenario)
set(scenario_texts "#include \"bench/scenario.h\"\n\nconst struct scenario_text scenario_texts[] = {\n")
foreach(path ${scenarios})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${path})
    get_filename_component(name ${path} NAME_WE)
    file(READ ${path} text)
    string(REPLACE "\n" "\\n" text "${text}")
    string(APPEND scenario_texts "    {\"${name}\", \"${text}\"},\n")
endforeach()
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/bench/scenario_texts.c
    CONTENT "${scenario_texts}    {0, 0},\n};\n" @ONLY)
file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/bench/*.c)
list(FILTER sources EXCLUDE REGEX "/main\\.c$")
add_library(satsync_bench_parts STATIC ${sources} ${CMAKE_BINARY_DIR}/bench/scenario_texts.c)
target_link_libraries(satsync_bench_parts PUBLIC satsync_everything PkgConfig::JANSSON)
add_executable(satsync-bench bench/main.c)
target_link_libraries(satsync-bench PRIVATE satsync_bench_parts)
install(TARGETS satsync-bench RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
# What it compares all-reduce with.
if(OPEN_MPI_FOUND)
    add_executable(satsync-bench-openmpi bench/open_mpi/reduce.c)
    target_link_libraries(satsync-bench-openmpi PRIVATE satsync_flags PkgConfig::OPEN_MPI)
    install(TARGETS satsync-bench-openmpi RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
