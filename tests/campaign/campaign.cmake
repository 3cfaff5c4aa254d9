# Campaigns: many random trials. ctest runs a sample of each; the full counts are the programs' own
# defaults and are run by command. Labelled, so that slow builds can leave them out.
foreach(campaign flips:200 powercut:50 every_operation:200 repair:60 rounds_bits:100 rounds_faults:25
        rounds_chaos:25 everything:400)
    string(REPLACE ":" ";" parts ${campaign})
    list(GET parts 0 name)
    list(GET parts 1 sample)
    add_executable(campaign_${name} campaign/${name}.c campaign/tally.c campaign/damage.c)
    target_link_libraries(campaign_${name} PRIVATE satsync_test_support)
    add_test(NAME campaign.${name} COMMAND campaign_${name} --count ${sample})
    set_tests_properties(campaign.${name} PROPERTIES TIMEOUT 600 LABELS campaign)
endforeach()

foreach(campaign kill_save:12)
    string(REPLACE ":" ";" parts ${campaign})
    list(GET parts 0 name)
    list(GET parts 1 sample)
    add_test(NAME campaign.${name} COMMAND ${Python3_EXECUTABLE}
        ${CMAKE_CURRENT_SOURCE_DIR}/campaign/${name}.py $<TARGET_FILE:satsync_cli> --count ${sample})
    set_tests_properties(campaign.${name} PROPERTIES TIMEOUT 600 LABELS campaign)
endforeach()
# A traced program cannot look for leaks, so not under a sanitizer.
if(NOT SATSYNC_SANITIZE)
    add_test(NAME campaign.kill_calls COMMAND ${Python3_EXECUTABLE}
        ${CMAKE_CURRENT_SOURCE_DIR}/campaign/kill_calls.py $<TARGET_FILE:satsync_cli> --count 60)
    set_tests_properties(campaign.kill_calls PROPERTIES TIMEOUT 600 LABELS campaign
        SKIP_RETURN_CODE 77)
endif()
# The largest tensor is small here; by command it has 2 GiB.
add_test(NAME campaign.big COMMAND ${Python3_EXECUTABLE}
    ${CMAKE_CURRENT_SOURCE_DIR}/campaign/big.py $<TARGET_FILE:satsync_cli> --mib 64)
set_tests_properties(campaign.big PROPERTIES TIMEOUT 600 LABELS campaign)

# Whole trainings: too long under a sanitizer.
if(NOT SATSYNC_SANITIZE AND NOT SATSYNC_FUZZ)
    add_test(NAME campaign.sites COMMAND ${Python3_EXECUTABLE}
        ${CMAKE_CURRENT_SOURCE_DIR}/campaign/sites.py ${CMAKE_BINARY_DIR} --seed 3 --count 3)
    set_tests_properties(campaign.sites PROPERTIES TIMEOUT 1200 LABELS campaign)
endif()
add_executable(campaign_site campaign/site.c)
target_link_libraries(campaign_site PRIVATE satsync_test_support)
add_test(NAME campaign.sites_bits COMMAND ${Python3_EXECUTABLE}
    ${CMAKE_CURRENT_SOURCE_DIR}/campaign/sites_bits.py ${CMAKE_BINARY_DIR} --count 3)
set_tests_properties(campaign.sites_bits PROPERTIES TIMEOUT 600 LABELS campaign)

# Group operations among real processes over each transport of UCX.
if(UCX_FOUND)
    foreach(campaign groups:12 group_faults:8)
        string(REPLACE ":" ";" parts ${campaign})
        list(GET parts 0 name)
        list(GET parts 1 sample)
        add_executable(campaign_${name} campaign/${name}.c campaign/tally.c)
        target_link_libraries(campaign_${name} PRIVATE satsync_ucx_parts)
        add_test(NAME campaign.${name} COMMAND campaign_${name} --count ${sample})
        set_tests_properties(campaign.${name} PROPERTIES TIMEOUT 600 LABELS campaign)
    endforeach()
endif()
