# satsync_folder(transport/wan) makes the object library transport_wan of the folder's own *.c files.
# A file main.c belongs to the folder's program, not to the library.
function(satsync_folder path)
    string(REPLACE "/" "_" name ${path})
    file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${path}/*.c)
    list(FILTER sources EXCLUDE REGEX "/main\\.c$")
    if(NOT sources)
        return()
    endif()
    add_library(${name} OBJECT ${sources})
    target_link_libraries(${name} PRIVATE satsync_flags satsync_dependencies)
    set_property(GLOBAL APPEND PROPERTY SATSYNC_FOLDERS ${name})
endfunction()
